using System.Diagnostics.Metrics;

namespace Platform.Observatory.Forward;

/// <summary>The counts of each destination and signal, by what became of the items.</summary>
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
            "What became of the items that were to be sent on."
        );
        meter.CreateObservableCounter(
            "observatory.forward.retries",
            Measure(lane => lane.Retries),
            "{request}",
            "Requests that were repeated."
        );
        meter.CreateObservableGauge(
            "observatory.forward.waiting",
            Measure(lane => lane.WaitingItems),
            "{item}",
            "Items that wait to be sent on."
        );
        meter.CreateObservableGauge(
            "observatory.forward.waiting.size",
            Measure(lane => lane.WaitingBytes),
            "By",
            "Bytes that wait to be sent on."
        );
        meter.CreateObservableGauge(
            "observatory.forward.failing",
            Measure(lane => lane.FailingSince is null ? 0 : 1),
            "{destination}",
            "1 while a destination does not take a signal."
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
