namespace Platform.Observatory.Forward;

/// <summary>So many items a second, one second's worth at once. A request that is larger goes out and is waited for afterwards.</summary>
internal sealed class Pace(int perSecond, TimeProvider time)
{
    private double _left = perSecond;
    private long _at = time.GetTimestamp();

    public Task TakeAsync(int items, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        _left = Math.Min(perSecond, _left + (perSecond * time.GetElapsedTime(_at, now).TotalSeconds)) - items;
        _at = now;
        var owed = -(_left + items);
        return owed <= 0 ? Task.CompletedTask : Task.Delay(TimeSpan.FromSeconds(owed / perSecond), time, cancellationToken);
    }
}
