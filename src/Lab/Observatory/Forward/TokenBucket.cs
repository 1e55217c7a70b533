namespace Platform.Observatory.Forward;

/// <summary>Token bucket with a burst of one second. A larger request is sent at once and delays the next one.</summary>
internal sealed class TokenBucket(int perSecond, TimeProvider time)
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
