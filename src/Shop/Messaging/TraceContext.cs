using System.Diagnostics;

namespace Platform.Messaging;

/// <summary>Trace context and baggage (W3C) as text, for an outbox row, a due row or message headers.</summary>
public readonly record struct TraceContext(string? Traceparent, string? Tracestate, string? Baggage)
{
    private static readonly DistributedContextPropagator Propagator = DistributedContextPropagator.CreateW3CPropagator();

    /// <summary>The context of the current span. An unsampled one is captured too: its sampling decision must travel along.</summary>
    public static TraceContext Capture()
    {
        var fields = new Dictionary<string, string?>();
        Propagator.Inject(Activity.Current, fields, static (carrier, name, value) => ((Dictionary<string, string?>)carrier!)[name] = value);
        return new(fields.GetValueOrDefault("traceparent"), fields.GetValueOrDefault("tracestate"), fields.GetValueOrDefault("baggage"));
    }

    /// <summary>The stored context as a span's parent; default when there is none.</summary>
    public ActivityContext Parent => ActivityContext.TryParse(Traceparent, Tracestate, isRemote: true, out var parent) ? parent : default;

    /// <summary>
    /// Starts a span that continues the stored trace or, with <paramref name="link"/>, a new trace linked to it. Baggage is set before the
    /// start, so that processors see it.
    /// </summary>
    public Activity? Start(ActivitySource source, string name, ActivityKind kind, bool link = false)
    {
        // A linked span must not become a child of the ambient span.
        if (link)
        {
            Activity.Current = null;
        }

        var activity = link
            ? source.CreateActivity(name, kind, parentContext: default, links: Parent == default ? null : [new ActivityLink(Parent)])
            : source.CreateActivity(name, kind, Parent);
        if (activity is null)
        {
            return null;
        }

        foreach (var (key, value) in ReadBaggage())
        {
            activity.AddBaggage(key, value);
        }

        return activity.Start();
    }

    private IEnumerable<KeyValuePair<string, string?>> ReadBaggage() =>
        Propagator.ExtractBaggage(
            Baggage,
            static (object? carrier, string field, out string? value, out IEnumerable<string>? values) =>
            {
                values = null;
                value = field == "baggage" ? (string?)carrier : null;
            }
        ) ?? [];
}
