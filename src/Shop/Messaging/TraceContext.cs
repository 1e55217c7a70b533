using System.Diagnostics;

namespace Platform.Messaging;

/// <summary>
/// The context of a trace at rest: in an outbox row, in a row that says what is due, in a message's headers. W3C trace context and
/// baggage, as text.
/// </summary>
public readonly record struct TraceContext(string? Traceparent, string? Tracestate, string? Baggage)
{
    private static readonly DistributedContextPropagator Propagator = DistributedContextPropagator.CreateW3CPropagator();

    /// <summary>The context of the current span; also of an unsampled one, whose decision must travel with the work.</summary>
    public static TraceContext Capture()
    {
        var fields = new Dictionary<string, string?>();
        Propagator.Inject(Activity.Current, fields, static (carrier, name, value) => ((Dictionary<string, string?>)carrier!)[name] = value);
        return new(fields.GetValueOrDefault("traceparent"), fields.GetValueOrDefault("tracestate"), fields.GetValueOrDefault("baggage"));
    }

    /// <summary>The stored context as a span's parent; default when there is none.</summary>
    public ActivityContext Parent => ActivityContext.TryParse(Traceparent, Tracestate, isRemote: true, out var parent) ? parent : default;

    /// <summary>
    /// Starts a span that continues the stored trace. Baggage is there before the span starts, so that processors see it.
    /// </summary>
    /// <param name="source">Who emits the span.</param>
    /// <param name="name">Span name.</param>
    /// <param name="kind">Span kind.</param>
    /// <param name="link">True: a new trace that links to the stored one, instead of continuing it.</param>
    public Activity? Start(ActivitySource source, string name, ActivityKind kind, bool link = false)
    {
        // A link must not take the ambient span, if there is one, as its parent either.
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
