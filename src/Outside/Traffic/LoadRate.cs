using Microsoft.Extensions.Options;

namespace Platform.Traffic;

/// <summary>Orders per second, changeable at run time; a change wakes whoever waits for the next arrival.</summary>
internal sealed class LoadRate(IOptions<TrafficOptions> options)
{
    private readonly Lock _gate = new();
    private double _ordersPerSecond = options.Value.OrdersPerSecond;
    private TaskCompletionSource _changed = NewSignal();

    public (double OrdersPerSecond, Task Changed) Current
    {
        get
        {
            lock (_gate)
            {
                return (_ordersPerSecond, _changed.Task);
            }
        }
    }

    public void Set(double ordersPerSecond)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _ordersPerSecond = ordersPerSecond;
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
