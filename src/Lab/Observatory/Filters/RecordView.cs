using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Filters;

/// <summary>A record while it is looked at: unpacked at most once, however many terms there are, and only when a term needs it.</summary>
internal sealed class RecordView(TelemetryRecord record)
{
    private Span? _span;
    private LogRecord? _log;

    public TelemetryRecord Record { get; } = record;

    /// <summary>Null for a log.</summary>
    public Span? Span => Record is StoredSpan stored ? _span ??= stored.Parse() : null;

    /// <summary>Null for a span.</summary>
    public LogRecord? Log => Record is StoredLog stored ? _log ??= stored.Parse() : null;

    public string? Status => Record is not StoredSpan stored ? null
        : stored.Failed ? "error"
        : Span!.Status?.Code == Otlp.Status.Types.StatusCode.Ok ? "ok"
        : "unset";

    public IEnumerable<string> EventNames => PackedRecord.EventNames(Record);

    /// <summary>All values of an attribute. A record is not unpacked for it.</summary>
    public IEnumerable<AnyValue> Attributes(string name, byte[] utf8) => PackedRecord.AttributesWith(Record, utf8)
        .Concat(Record.Origin.Scope?.Attributes ?? []).Concat(Record.Origin.Resource.Resource.Attributes)
        .Where(attribute => attribute.Key == name && attribute.Value is not null)
        .Select(attribute => attribute.Value);
}
