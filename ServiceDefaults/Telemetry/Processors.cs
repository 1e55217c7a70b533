using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Logs;
using Platform.ServiceDefaults.Logging;

namespace Platform.ServiceDefaults.Telemetry;

/// <summary>
/// Copies request, user, tenant and job from baggage to each span, so that any span can be found by them; names the resource that was
/// called; scrubs on the way out.
/// </summary>
internal sealed class SpanProcessor(PeerNames peers) : BaseProcessor<Activity>
{
    public override void OnStart(Activity data) => Correlation.Copy(data, data);

    public override void OnEnd(Activity data)
    {
        if (peers.Of(data) is { } peer)
        {
            data.SetTag("peer.service", peer);
        }

        List<KeyValuePair<string, object?>>? scrubbed = null;
        foreach (ref readonly var tag in data.EnumerateTagObjects())
        {
            if (Scrubber.Value(tag.Key, tag.Value) is var clean && !ReferenceEquals(clean, tag.Value))
            {
                (scrubbed ??= []).Add(new(tag.Key, clean));
            }
        }

        foreach (var (key, value) in scrubbed ?? [])
        {
            // AddTag takes a name twice, and SetTag changes the first of them only.
            while (data.GetTagItem(key) is not null)
            {
                data.SetTag(key, null);
            }

            data.SetTag(key, value);
        }

        if (data.StatusDescription is { } description)
        {
            data.SetStatus(data.Status, Scrubber.Scrub(description));
        }
    }
}

/// <summary>The same for log records. Runs on the thread that logs, so the current span is the one that the record belongs to.</summary>
internal sealed class LogProcessor : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        var attributes = new List<KeyValuePair<string, object?>>(data.Attributes?.Count + 6 ?? 6);
        foreach (var (name, value) in data.Attributes ?? [])
        {
            attributes.Add(new(name, Scrubber.Value(name, value)));
        }

        foreach (var name in Correlation.Names)
        {
            if (Activity.Current?.GetBaggageItem(name) is { } value)
            {
                attributes.Add(new(name, value));
            }
        }

        // The exporter would write the exception as it is.
        if (data.Exception is { } exception)
        {
            attributes.Add(new("exception.type", exception.GetType().FullName));
            attributes.Add(new("exception.message", Scrubber.Scrub(exception.Message)));
            attributes.Add(new("exception.stacktrace", Scrubber.Scrub(exception.ToString())));
            data.Exception = null;
        }

        data.Attributes = attributes;
        data.FormattedMessage = data.FormattedMessage is null ? null : Scrubber.Scrub(data.FormattedMessage);
    }
}
