using System.Collections.Concurrent;

namespace Platform.Observatory.Receiving;

/// <summary>Counts refused requests, and logs the first of each kind: one broken sender repeats itself every few seconds.</summary>
internal sealed partial class RefusalLog(ILogger<RefusalLog> logger)
{
    // One entry for each kind of refusal.
    private readonly ConcurrentDictionary<Refusal, long> _counts = new();

    public long Count => _counts.Values.Sum();

    public IReadOnlyDictionary<Refusal, long> Counts => _counts.ToDictionary();

    public void Add(RefusedException refused, HttpContext context)
    {
        if (_counts.AddOrUpdate(refused.Refusal, 1, (_, count) => count + 1) == 1)
        {
            LogRefused(refused.Refusal, context.Connection.LocalPort, refused.Message);
        }
    }

    [LoggerMessage(
        EventId = 5001,
        Level = LogLevel.Warning,
        Message = "Telemetry sent to port {Port} was refused ({Refusal}): {Reason} Further refusals of this kind are only counted"
    )]
    private partial void LogRefused(Refusal refusal, int port, string reason);
}
