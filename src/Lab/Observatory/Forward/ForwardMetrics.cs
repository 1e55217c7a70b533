using System.Diagnostics.Metrics;

namespace Platform.Observatory.Forward;

/// <summary>Item counts of each destination and signal, by outcome.</summary>
internal static class ForwardMetrics
{
    public static void AddTo(Meter meter, Forwarder forwarder)
    {
        meter.CreateObservableCounter(
            "observatory.forward.items",
            () =>
                Each(forwarder)
                    .SelectMany(each =>
                        new[]
                        {
                            Of(each, each.Lane.Sent, "sent"),
                            Of(each, each.Lane.Refused, "refused"),
                            Of(each, each.Lane.Thinned, "thinned"),
                            Of(each, each.Lane.QueueFull, "queue_full"),
                            Of(each, each.Lane.Expired, "expired"),
                            Of(each, each.Lane.Failed, "failed"),
                            Of(each, each.Lane.Stopped, "stopped"),
                        }
                    ),
            "{item}",
            "Items to forward, by outcome."
        );
        meter.CreateObservableCounter("observatory.forward.retries", Measure(lane => lane.Retries), "{request}", "Retried requests.");
        meter.CreateObservableGauge(
            "observatory.forward.waiting",
            Measure(lane => lane.WaitingItems),
            "{item}",
            "Items waiting to be forwarded."
        );
        meter.CreateObservableGauge(
            "observatory.forward.waiting.size",
            Measure(lane => lane.WaitingBytes),
            "By",
            "Bytes waiting to be forwarded."
        );
        meter.CreateObservableGauge(
            "observatory.forward.failing",
            Measure(lane => lane.FailingSince is null ? 0 : 1),
            "{destination}",
            "1 while a destination does not accept a signal."
        );

        Func<IEnumerable<Measurement<long>>> Measure(Func<LaneStats, long> value) =>
            () => Each(forwarder).Select(each => Of(each, value(each.Lane)));
    }

    private static IEnumerable<(string Destination, LaneStats Lane)> Each(Forwarder forwarder) =>
        forwarder.Stats.SelectMany(destination => destination.Signals.Select(lane => (destination.Name, lane)));

    private static Measurement<long> Of((string Destination, LaneStats Lane) each, long value, string? outcome = null)
    {
        List<KeyValuePair<string, object?>> tags = [new("destination", each.Destination), new("signal", each.Lane.Signal)];

        if (outcome is not null)
        {
            tags.Add(new("outcome", outcome));
        }

        return new Measurement<long>(value, tags);
    }
}
