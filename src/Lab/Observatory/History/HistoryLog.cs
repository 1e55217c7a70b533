using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.History;

/// <summary>
/// Persists received data across restarts in two logs with separate limits: a day of spans must not evict an error that recurs quietly for
/// weeks.
/// </summary>
internal sealed class HistoryLog(IOptions<ObservatoryOptions> options, ILogger<HistoryLog> logger)
{
    public bool IsOn { get; } = !string.IsNullOrEmpty(options.Value.DataDirectory);

    public RecordQueue Telemetry { get; } = new("telemetry", options.Value.HistoryMaxBytes, options, logger);

    public RecordQueue Errors { get; } = new("errors", options.Value.HistoryErrorMaxBytes, options, logger);

    public HistoryStats Stats
    {
        get
        {
            var (telemetry, errors) = (Telemetry.Stats, Errors.Stats);
            return new HistoryStats(
                IsOn,
                telemetry.Written + errors.Written,
                telemetry.Dropped + errors.Dropped,
                telemetry,
                errors,
                Replayed
            );
        }
    }

    /// <summary>Result of the replay at startup.</summary>
    public ReplayResult Replayed { get; set; } = new(0, 0, 0, 0);

    /// <summary>Copies the body, since the request owns it.</summary>
    public void Offer(RecordKind kind, DateTimeOffset time, ReadOnlySpan<byte> body)
    {
        if (IsOn)
        {
            (kind is RecordKind.Traces or RecordKind.Logs ? Telemetry : Errors).Offer(kind, time, body);
        }
    }
}

internal sealed record HistoryStats(bool IsOn, long Written, long Dropped, LogStats Telemetry, LogStats Errors, ReplayResult Replayed);

internal sealed record LogStats(long Written, long Dropped, int Segments, long BytesOnDisk, long MaxBytes);

/// <summary>Refused: intact records that current limits reject.</summary>
internal sealed record ReplayResult(int Records, int Damaged, int Refused, long TornBytes);
