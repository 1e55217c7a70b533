using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Receiving;

/// <summary>Bounds the sum of all request bodies in memory; one body has its own limit.</summary>
internal sealed class BodyBudget(IOptions<ObservatoryOptions> options)
{
    private readonly long _limit = options.Value.MaxBodyBytesInFlight;
    private long _reserved;

    public void Reserve(int bytes)
    {
        if (Interlocked.Add(ref _reserved, bytes) > _limit)
        {
            Release(bytes);
            throw new RefusedException(Refusal.Overloaded, "Too much telemetry is being received at once.");
        }
    }

    public void Release(int bytes) => Interlocked.Add(ref _reserved, -bytes);
}
