namespace Platform.Traffic;

/// <summary>
/// Totals since the start, except InFlight. Every placed order ends as paid, declined, fulfilled (whichever was seen first) or undecided.
/// </summary>
internal sealed record LoadCounts
{
    public long Arrived { get; init; }

    public long Shed { get; init; }

    public long Placed { get; init; }

    public long Paid { get; init; }

    public long Declined { get; init; }

    public long Fulfilled { get; init; }

    /// <summary>Neither paid nor declined when the shopper gave up.</summary>
    public long Undecided { get; init; }

    public long OutOfStock { get; init; }

    public long RateLimited { get; init; }

    public long Failed { get; init; }

    public long Retried { get; init; }

    public int InFlight { get; init; }

    public string? LastFailure { get; init; }
}

internal sealed class LoadCounters
{
    private readonly Lock _gate = new();
    private LoadCounts _counts = new();

    public LoadCounts Current
    {
        get
        {
            lock (_gate)
            {
                return _counts;
            }
        }
    }

    public void VisitStarted() => Change(counts => counts with { Arrived = counts.Arrived + 1, InFlight = counts.InFlight + 1 });

    public void VisitEnded() => Change(counts => counts with { InFlight = counts.InFlight - 1 });

    public void Shed() => Change(counts => counts with { Arrived = counts.Arrived + 1, Shed = counts.Shed + 1 });

    public void Placed() => Change(counts => counts with { Placed = counts.Placed + 1 });

    public void Undecided() => Change(counts => counts with { Undecided = counts.Undecided + 1 });

    public void OutOfStock() => Change(counts => counts with { OutOfStock = counts.OutOfStock + 1 });

    public void RateLimited() => Change(counts => counts with { RateLimited = counts.RateLimited + 1 });

    public void Retried() => Change(counts => counts with { Retried = counts.Retried + 1 });

    public void Failed(string reason) => Change(counts => counts with { Failed = counts.Failed + 1, LastFailure = reason });

    /// <summary>False when the status is not final yet.</summary>
    public bool Decided(string status)
    {
        switch (status)
        {
            case "paid":
                Change(counts => counts with { Paid = counts.Paid + 1 });
                return true;
            case "declined":
                Change(counts => counts with { Declined = counts.Declined + 1 });
                return true;
            case "fulfilled":
                Change(counts => counts with { Fulfilled = counts.Fulfilled + 1 });
                return true;
            default:
                return false;
        }
    }

    private void Change(Func<LoadCounts, LoadCounts> change)
    {
        lock (_gate)
        {
            _counts = change(_counts);
        }
    }
}
