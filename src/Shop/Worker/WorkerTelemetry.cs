using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Platform.Worker;

/// <summary>Dashboards and drills rely on these names; renaming one is a breaking change.</summary>
internal static class WorkerTelemetry
{
    public const string Name = "Platform.Worker";

    public static readonly ActivitySource Source = new(new ActivitySourceOptions(Name) { Version = "1.0.0" });
}

internal sealed class WorkerMetrics
{
    private readonly Counter<long> _fulfilled;

    public WorkerMetrics(IMeterFactory meters) =>
        _fulfilled = meters
            .Create(WorkerTelemetry.Name)
            .CreateCounter<long>("platform.orders.fulfilled", "{order}", "Orders fulfilled, with or without a fraud note.");

    public void Fulfilled(bool withNote) =>
        _fulfilled.Add(1, new KeyValuePair<string, object?>("platform.fraud_note", withNote ? "written" : "none"));
}
