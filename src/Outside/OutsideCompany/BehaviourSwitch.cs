namespace Platform.OutsideCompany;

/// <summary>
/// The current behaviour, with its random source and rate counter. Changes are not logged: that would give away what a drill hides.
/// </summary>
public sealed class BehaviourSwitch(TimeProvider time)
{
    private readonly Lock _gate = new();
    private volatile Behaviour _current = Behaviour.Normal;
    private long _second;
    private int _admittedThisSecond;

    public Behaviour Current
    {
        get => _current;
        set => _current = value;
    }

    public static bool Happens(double rate) => Random.Shared.NextDouble() < rate;

    public TimeSpan NextLatency()
    {
        var behaviour = Current;
        return TimeSpan.FromMilliseconds(behaviour.LatencyMs + (Random.Shared.NextDouble() * behaviour.JitterMs));
    }

    public TimeSpan NextWebhookDelay()
    {
        var behaviour = Current;
        return TimeSpan.FromMilliseconds(behaviour.WebhookDelayMs + (Random.Shared.NextDouble() * behaviour.WebhookJitterMs));
    }

    /// <summary>Counts the request against the per-second limit.</summary>
    public bool TryAdmit()
    {
        if (Current.LimitPerSecond is not { } limit)
        {
            return true;
        }

        lock (_gate)
        {
            var second = time.GetUtcNow().ToUnixTimeSeconds();
            if (second != _second)
            {
                (_second, _admittedThisSecond) = (second, 0);
            }

            if (_admittedThisSecond >= limit)
            {
                return false;
            }

            _admittedThisSecond++;
            return true;
        }
    }
}
