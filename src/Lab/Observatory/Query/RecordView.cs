using Google.Protobuf.Collections;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

/// <summary>A record during evaluation: parsed at most once, however many terms there are, and only when a term needs it.</summary>
internal sealed class RecordView(TelemetryRecord record)
{
    private Span? _span;
    private LogRecord? _log;

    public TelemetryRecord Record { get; } = record;

    /// <summary>Null for a log.</summary>
    public Span? Span => Record is StoredSpan stored ? _span ??= stored.Parse() : null;

    /// <summary>Null for a span.</summary>
    public LogRecord? Log => Record is StoredLog stored ? _log ??= stored.Parse() : null;

    public string? Status =>
        Record is not StoredSpan stored ? null
        : stored.Failed ? "error"
        : Span!.Status?.Code == Otlp.Status.Types.StatusCode.Ok ? "ok"
        : "unset";

    public IEnumerable<string> EventNames => PackedRecord.EventNames(Record);

    /// <summary>All values of an attribute. Does not parse the record.</summary>
    public List<AnyValue> Attributes(string name, byte[] utf8)
    {
        var values = new List<AnyValue>();
        PackedRecord.AddValues(Record, name, utf8, values);
        Add(Record.Origin.Scope?.Attributes, name, values);
        Add(Record.Origin.Resource.Resource.Attributes, name, values);
        return values;
    }

    private static void Add(RepeatedField<KeyValue>? attributes, string name, List<AnyValue> values)
    {
        for (var index = 0; index < attributes?.Count; index++)
        {
            if (attributes[index] is { Value: { } value } attribute && attribute.Key == name)
            {
                values.Add(value);
            }
        }
    }
}
