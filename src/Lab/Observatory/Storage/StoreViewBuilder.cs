using Platform.Observatory.Envelopes;
using Platform.Observatory.Forward;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Receiving;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Storage;

/// <summary>Builds the store page: what arrived, what is kept, and what was lost and why.</summary>
internal sealed class StoreViewBuilder(
    TelemetryStore store,
    RefusalLog refusals,
    IssueStore issues,
    ItemCounters items,
    HistoryLog history,
    Forwarder forwarder,
    TimeProvider time
)
{
    private const int MaxSenders = 100;

    public StoreView Build()
    {
        var now = time.GetUtcNow();
        var stats = TelemetryStats.Of(store, refusals, issues, items, history, forwarder);
        var senders = store.Resources.All().OrderByDescending(sender => sender.LastSeen).ToList();
        return new StoreView
        {
            Since = Format.Moment(store.Since, now),
            Lost = [.. Lost(stats)],
            Signals = [Row("Spans", stats.Spans), Row("Log records", stats.Logs), Row("Metric points", stats.Metrics)],
            Refusals =
            [
                .. refusals
                    .Counts.OrderByDescending(kind => kind.Value)
                    .Select(kind => new Pair(Words(kind.Key), Format.Count(kind.Value))),
            ],
            Errors =
            [
                .. items
                    .Items.OrderByDescending(item => item.Value)
                    .Select(item => new Pair($"items of type {item.Key}", Format.Count(item.Value))),
                new Pair("issues", $"{Format.Count(stats.Envelopes.Issues.Issues)} of {Format.Count(stats.Envelopes.Issues.MaxIssues)}"),
                new Pair("events kept", Kept(stats.Envelopes.Issues)),
                new Pair("events received twice", Format.Count(stats.Envelopes.Issues.EventsDuplicate)),
                new Pair("events evicted", Format.Count(stats.Envelopes.Issues.EventsEvicted)),
                new Pair("issues evicted", Format.Count(stats.Envelopes.Issues.IssuesEvicted)),
                new Pair("lost by senders, as they report", Format.Count(stats.Envelopes.LostBySenders)),
            ],
            Forward = [.. stats.Forward.SelectMany(destination => destination.Signals.Select(lane => Row(destination, lane, now)))],
            History = stats.History.IsOn ? [.. HistoryOf(stats.History)] : null,
            Senders = [.. senders.Take(MaxSenders).Select(sender => Sender(sender, now))],
            MoreSenders = senders.Count > MaxSenders ? $"and {Format.Count(senders.Count - MaxSenders)} more" : "",
        };
    }

    private static IEnumerable<string> Lost(TelemetryStats stats)
    {
        var (spans, logs) = (stats.Spans, stats.Logs);

        if (spans.Dropped + logs.Dropped > 0)
        {
            yield return $"{Amount(spans.Dropped, logs.Dropped)} arrived while the queue was full; the senders were asked to retry.";
        }

        if (spans.Rejected + logs.Rejected > 0)
        {
            yield return $"{Amount(spans.Rejected, logs.Rejected)} were refused as invalid; the senders were told why.";
        }

        foreach (var destination in stats.Forward)
        {
            if (destination.Signals.Sum(lane => lane.Thinned + lane.QueueFull + lane.Expired) is > 0 and var left)
            {
                var amount = Format.Count(left, "item", "items");
                yield return $"{destination.Name} was too slow for {amount}, which were not sent on but are kept here.";
            }
        }

        if (stats.History.Dropped > 0)
        {
            var batches = Format.Count(stats.History.Dropped, "batch", "batches");
            yield return $"{batches} did not reach the disk in time and will be gone after a restart.";
        }

        if (stats.Envelopes.LostBySenders > 0)
        {
            var errors = Format.Count(stats.Envelopes.LostBySenders, "error", "errors");
            yield return $"{errors} or other items were discarded by the SDKs before they were sent.";
        }
    }

    private static string Amount(long spans, long logs) =>
        spans == 0 ? Format.Count(logs, "log record", "log records")
        : logs == 0 ? Format.Count(spans, "span", "spans")
        : $"{Format.Count(spans, "span", "spans")} and {Format.Count(logs, "log record", "log records")}";

    private static SignalRow Row(string name, StoredSignalStats stats) =>
        new(
            name,
            Format.Count(stats.Received),
            Format.Count(stats.Rejected),
            Format.Count(stats.Dropped),
            Format.Count(stats.Duplicate),
            Format.Count(stats.Late),
            Format.Count(stats.Ahead),
            Format.Count(stats.Evicted),
            Format.Count(stats.Stored),
            Format.Count(stats.MaxStored),
            Format.Number(100 * Math.Max(stats.Stored / (double)stats.MaxStored, stats.StoredBytes / (double)stats.MaxStoredBytes)),
            Format.Bytes(stats.StoredBytes),
            Format.Bytes(stats.MaxStoredBytes)
        );

    private static string Kept(IssueStats issues) =>
        $"{Format.Count(issues.EventsKept)}, {Format.Bytes(issues.EventBytes)} of {Format.Bytes(issues.MaxEventBytes)}";

    private static SignalRow Row(string name, SignalStats stats) =>
        new(
            name,
            Format.Count(stats.Received),
            Format.Count(stats.Rejected),
            Format.Count(stats.Dropped),
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            "",
            ""
        );

    private static ForwardRow Row(ForwardStats destination, LaneStats lane, DateTimeOffset now) =>
        new(
            destination.Name,
            destination.Endpoint,
            destination.Share < 1 ? $"{Format.Number(100 * destination.Share)} % of new traces" : "",
            lane.Signal,
            Format.Count(lane.Sent),
            Format.Count(lane.Refused),
            Format.Count(lane.Thinned),
            Format.Count(lane.Dropped),
            Format.Count(lane.Retries),
            lane.WaitingItems == 0 ? "" : $"{Format.Count(lane.WaitingItems)}, {Format.Bytes(lane.WaitingBytes)}",
            lane.LastError ?? "",
            (lane.FailingSince ?? lane.LastErrorAt) is { } at ? Format.Moment(at, now) : null,
            lane.FailingSince is not null
        );

    private static IEnumerable<Pair> HistoryOf(HistoryStats history)
    {
        yield return new Pair(
            "spans and logs",
            $"{Format.Bytes(history.Telemetry.BytesOnDisk)} of {Format.Bytes(history.Telemetry.MaxBytes)}"
        );
        yield return new Pair(
            "errors, check-ins, deploys",
            $"{Format.Bytes(history.Errors.BytesOnDisk)} of {Format.Bytes(history.Errors.MaxBytes)}"
        );
        yield return new Pair("batches written", Format.Count(history.Written));
        yield return new Pair("batches that did not reach the disk", Format.Count(history.Dropped));
        yield return new Pair("records read at startup", Format.Count(history.Replayed.Records));
        yield return new Pair("of them damaged or refused", Format.Count(history.Replayed.Damaged + history.Replayed.Refused));
    }

    private static IEnumerable<string> Signals(KnownResourceState sender) =>
        new[] { sender.HasTraces ? "spans" : "", sender.HasLogs ? "logs" : "", sender.HasMetrics ? "metrics" : "" }.Where(signal =>
            signal.Length > 0
        );

    private static SenderRow Sender(KnownResourceState sender, DateTimeOffset now) =>
        new(
            ServiceName.Of(sender.Name),
            sender.InstanceId ?? "",
            string.Join(", ", Signals(sender)),
            sender.LostSpans + sender.LostLogs > 0 ? Amount(sender.LostSpans, sender.LostLogs) : "",
            Format.Moment(sender.FirstSeen, now),
            Format.Moment(sender.LastSeen, now),
            Addresses.Traces(("resource", sender.DisplayName))
        );

    private static string Words(Refusal refusal) =>
        refusal switch
        {
            Refusal.Malformed => "not readable",
            Refusal.TooLarge => "too large",
            Refusal.Overloaded => "under overload",
            Refusal.Unauthenticated => "without the key",
            Refusal.Forbidden => "not allowed",
            Refusal.RateLimited => "too many errors in a minute",
            Refusal.UnsupportedType => "of an unknown content type",
            Refusal.UnsupportedEncoding => "of an unknown encoding",
            Refusal.NotFound => "for an unknown address",
            Refusal.Looped => "in a forwarding loop",
            _ => "with an unsupported method",
        };
}
