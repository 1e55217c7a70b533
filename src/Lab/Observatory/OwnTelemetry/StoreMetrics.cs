using System.Diagnostics.Metrics;
using Platform.Observatory.Envelopes;
using Platform.Observatory.Forward;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Otlp;
using Platform.Observatory.Receiving;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>Observatory's own metrics: the figures of the store page, since the start of the process.</summary>
internal sealed class StoreMetrics
{
    public const string MeterName = "Platform.Observatory";

    // Each start of a service is an instance; who was silent for longer is gone.
    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(1);

    // One meter for each process, also where a test runs several of them.
    private readonly Meter _meter;

    public StoreMetrics(
        TelemetryStore store,
        RefusalLog refusals,
        IssueStore issues,
        DeployStore deploys,
        ItemCounters items,
        HistoryLog history,
        Forwarder forwarder,
        IMeterFactory meters,
        TimeProvider time
    )
    {
        _meter = meters.Create(MeterName);
        Count("received", "Valid items that were accepted.", counters => counters.Received);
        Count("refused", "Items refused as invalid.", counters => counters.Rejected);
        Count("dropped", "Items refused because the queue was full.", counters => counters.Dropped);
        Count("duplicates", "Items that were received before.", counters => counters.Duplicate);
        Count("evicted", "Items evicted to make room for newer ones.", counters => counters.Evicted);
        Count("late", "Items that arrived more than a minute after they ended.", counters => counters.Late);
        Count("ahead", "Items that began after they arrived: the sender's clock is ahead.", counters => counters.Ahead);
        _meter.CreateObservableGauge("platform.observatory.kept", () => Kept(size => size.Records), "{item}", "Items in the store.");
        _meter.CreateObservableGauge(
            "platform.observatory.kept.size",
            () => Kept(size => size.Bytes),
            "By",
            "Bytes of the items in the store."
        );
        _meter.CreateObservableCounter(
            "platform.observatory.requests.refused",
            () => refusals.Counts.Select(kind => new Measurement<long>(kind.Value, Tag("reason", kind.Key.ToString().ToLowerInvariant()))),
            "{request}",
            "Requests refused as a whole."
        );
        _meter.CreateObservableCounter(
            "platform.observatory.envelope.items",
            () => items.Items.Select(item => new Measurement<long>(item.Value, Tag("type", item.Key))),
            "{item}",
            "Items of envelopes."
        );
        _meter.CreateObservableCounter(
            "platform.observatory.lost_by_senders",
            () => items.LostBySenders,
            "{item}",
            "Items that SDKs report as discarded."
        );
        _meter.CreateObservableGauge(
            "platform.observatory.last_received",
            () => store.Resources.All().Where(sender => time.GetUtcNow() - sender.LastSeen < Forgotten).Select(LastReceived),
            "s",
            "Unix time at which an instance of a service sent anything last."
        );
        _meter.CreateObservableGauge("platform.observatory.issues", () => issues.Stats.Issues, "{issue}", "Issues in the store.");
        _meter.CreateObservableCounter(
            "platform.observatory.deploys",
            () => deploys.Counts.Select(service => new Measurement<long>(service.Value, Tag("service", service.Key))),
            "{deploy}",
            "Releases that replaced another, by service."
        );
        _meter.CreateObservableCounter(
            "platform.observatory.history.dropped",
            () => history.Stats.Dropped,
            "{batch}",
            "Batches that did not reach the disk."
        );
        ForwardMetrics.AddTo(_meter, forwarder);

        void Count(string name, string description, Func<SignalCounters, long> value) =>
            _meter.CreateObservableCounter(
                "platform.observatory." + name,
                () =>
                    Signals.Select(signal => new Measurement<long>(
                        value(store.CountersOf(signal)),
                        Tag("signal", signal.ToString().ToLowerInvariant())
                    )),
                "{item}",
                description
            );

        IEnumerable<Measurement<long>> Kept(Func<(int Records, int Traces, long Bytes), long> value) =>
            [new(value(store.Spans.Size), Tag("signal", "traces")), new(value(store.Logs.Size), Tag("signal", "logs"))];
    }

    private static IEnumerable<Signal> Signals => Enum.GetValues<Signal>();

    public string Scrape() => PrometheusText.Of(_meter);

    private static Measurement<long> LastReceived(KnownResourceState sender) =>
        new(sender.LastSeen.ToUnixTimeSeconds(), Tag("service", sender.Name), Tag("service.instance.id", sender.InstanceId ?? ""));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
