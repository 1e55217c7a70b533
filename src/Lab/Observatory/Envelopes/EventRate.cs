using Microsoft.Extensions.Options;
using Platform.Observatory.Receiving;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Envelopes;

/// <summary>Rate limit of error events: beyond it SDKs are asked to wait for the rest of the minute.</summary>
internal sealed class EventRate(IOptions<ObservatoryOptions> options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _windowEnd;
    private int _count;

    public void Take()
    {
        lock (_lock)
        {
            // Read inside the lock: an older timestamp would look like a clock set back and open a new window.
            var now = time.GetUtcNow();
            if (now >= _windowEnd || _windowEnd - now > TimeSpan.FromMinutes(1))
            {
                (_windowEnd, _count) = (now + TimeSpan.FromMinutes(1), 0);
            }

            if (++_count > options.Value.MaxEventsPerMinute)
            {
                throw new RefusedException(Refusal.RateLimited, "Too many error events in this minute.")
                {
                    RetrySeconds = Math.Max(1, (int)Math.Ceiling((_windowEnd - now).TotalSeconds)),
                };
            }
        }
    }
}
