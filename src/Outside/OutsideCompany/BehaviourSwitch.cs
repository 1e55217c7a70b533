namespace Platform.OutsideCompany;

/// <summary>
/// The behaviour in force, and the dice and the counter it needs. Changes are not logged: a log line would give away what a drill hides.
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

    /// <summary>Counts the request against the limit of the current second.</summary>
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
