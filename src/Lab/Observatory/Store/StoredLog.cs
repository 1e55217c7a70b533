using Platform.Observatory.Otlp;

namespace Platform.Observatory.Store;

internal sealed class StoredLog : TelemetryRecord
{
    public const int WarningSeverity = 13;
    public const int ErrorSeverity = 17;

    /// <summary>When it was observed, for a source that has no time of its own.</summary>
    public required ulong Timestamp { get; init; }

    public required int Severity { get; init; }

    public override ulong Time => Timestamp;

    public override bool HasError => Severity >= ErrorSeverity;

    public LogRecord Parse() => LogRecord.Parser.ParseFrom(Payload);
}
