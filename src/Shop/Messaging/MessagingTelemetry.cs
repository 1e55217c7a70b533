using System.Diagnostics;
using System.Diagnostics.Metrics;
using Platform.Contracts;

namespace Platform.Messaging;

/// <summary>Names follow the messaging semantic conventions; the dashboards rely on them.</summary>
internal static class MessagingTelemetry
{
    public const string Name = "Platform.Messaging";

    public static readonly ActivitySource Source = new(new ActivitySourceOptions(Name) { Version = "1.0.0" });

    public static Activity? Describe(
        this Activity? activity,
        string operation,
        string destination,
        string routingKey,
        Guid messageId,
        int bodySize
    ) =>
        activity
            ?.SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.operation.type", operation)
            .SetTag("messaging.operation.name", operation)
            .SetTag("messaging.destination.name", destination)
            .SetTag("messaging.rabbitmq.destination.routing_key", routingKey)
            .SetTag("messaging.message.id", messageId)
            .SetTag("messaging.message.body.size", bodySize);
}

internal sealed class MessagingMetrics
{
    private readonly Counter<long> _published;
    private readonly Counter<long> _parked;
    private readonly Counter<long> _consumed;
    private readonly Histogram<double> _outboxLag;
    private readonly Histogram<double> _duration;

    public MessagingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MessagingTelemetry.Name);
        _published = meter.CreateCounter<long>(
            "messaging.client.sent.messages",
            "{message}",
            "Messages the broker confirmed, or refused (error.type)."
        );
        _parked = meter.CreateCounter<long>(
            "platform.outbox.parked",
            "{message}",
            "Outbox rows that the broker refused too often: a person must send them again."
        );
        _consumed = meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Messages delivered, by outcome.");
        _outboxLag = meter.CreateHistogram(
            "platform.outbox.lag",
            "s",
            "Time from an outbox row's insert to the broker's confirm.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120] }
        );
        _duration = meter.CreateHistogram(
            "messaging.process.duration",
            "s",
            "Time a handler took.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30] }
        );
    }

    public void Published(Route route, TimeSpan lag)
    {
        _published.Add(
            1,
            new("messaging.destination.name", route.Exchange),
            new("messaging.rabbitmq.destination.routing_key", route.RoutingKey)
        );
        _outboxLag.Record(lag.TotalSeconds);
    }

    public void Refused(Route route, string errorType) =>
        _published.Add(
            1,
            new("messaging.destination.name", route.Exchange),
            new("messaging.rabbitmq.destination.routing_key", route.RoutingKey),
            new("error.type", errorType)
        );

    public void Parked(Route route) =>
        _parked.Add(
            1,
            new("messaging.destination.name", route.Exchange),
            new("messaging.rabbitmq.destination.routing_key", route.RoutingKey)
        );

    /// <param name="queue">The queue.</param>
    /// <param name="outcome">"done", "duplicate", "dead", "retried" (not yet done), or "paused" (once for each outage).</param>
    /// <param name="elapsed">Time in the handler and its transaction.</param>
    public void Consumed(string queue, string outcome, TimeSpan elapsed)
    {
        _consumed.Add(1, new("messaging.destination.name", queue), new(Attributes.Outcome, outcome));
        _duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("messaging.destination.name", queue));
    }
}
