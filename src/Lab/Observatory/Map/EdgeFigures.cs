using Platform.Observatory.Requests;
using Platform.Observatory.Store;

namespace Platform.Observatory.Map;

/// <summary>The calls of one edge, recent and earlier. Bounded by the sampled calls.</summary>
internal sealed class EdgeFigures(Window window)
{
    public Series Series { get; } = new(window);

    public int Calls => Series.RecentCount;

    public bool IsBad => Series.HasMoreErrors || Series.IsSlower;

    /// <summary>p95 relative to the usual p95; 0 when that is unknown.</summary>
    public double Factor => Series.UsualP95 is > 0 and var usual && Series.P95 is { } p95 ? p95 / usual : 0;

    public void Add(StoredSpan span, double milliseconds) => Series.Add(span.Start, milliseconds, span.Failed);
}
