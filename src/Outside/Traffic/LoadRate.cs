using Microsoft.Extensions.Options;

namespace Platform.Traffic;

/// <summary>One tenant sends this many times its share; the others send what they always send.</summary>
internal sealed record Surge(string Tenant, int Times);

/// <summary>Orders per second, without and with a surge.</summary>
internal sealed record Rate(double OrdersPerSecond, Surge? Surge = null)
{
    public double Total =>
        Surge is null ? OrdersPerSecond : OrdersPerSecond * (1 + (Shoppers.ShareOf(Surge.Tenant)!.Value * (Surge.Times - 1)));
}

/// <summary>The rate of arrivals, changeable at run time; a change wakes whoever waits for the next arrival.</summary>
internal sealed class LoadRate(IOptions<TrafficOptions> options)
{
    private readonly Lock _gate = new();
    private Rate _rate = new(options.Value.OrdersPerSecond);
    private TaskCompletionSource _changed = NewSignal();

    public (Rate Rate, Task Changed) Current
    {
        get
        {
            lock (_gate)
            {
                return (_rate, _changed.Task);
            }
        }
    }

    public void Set(Rate rate)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _rate = rate;
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
