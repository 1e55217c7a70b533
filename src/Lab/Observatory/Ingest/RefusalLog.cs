using System.Collections.Concurrent;

namespace Platform.Observatory.Ingest;

/// <summary>Counts refused requests, and logs the first of each kind: one broken sender repeats itself every few seconds.</summary>
internal sealed partial class RefusalLog(ILogger<RefusalLog> logger)
{
    // One entry for each kind of refusal.
    private readonly ConcurrentDictionary<Refusal, bool> _logged = new();
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public void Add(RefusedException refused, HttpContext context)
    {
        Interlocked.Increment(ref _count);

        if (_logged.TryAdd(refused.Refusal, true))
        {
            LogRefused(refused.Refusal, context.Connection.LocalPort, refused.Message);
        }
    }

    [LoggerMessage(
        EventId = 5001, Level = LogLevel.Warning,
        Message = "Telemetry sent to port {Port} was refused ({Refusal}): {Reason} Further refusals of this kind are only counted")]
    private partial void LogRefused(Refusal refusal, int port, string reason);
}
