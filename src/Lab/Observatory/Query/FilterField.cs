using System.Buffers;
using System.Text;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Query;

internal enum FieldKind
{
    Service,
    Release,
    Environment,
    Trace,
    Event,
    Name,
    SpanKind,
    Status,
    Duration,
    Level,
    Attribute,
}

/// <summary>What a name in a filter, or of a grouping, stands for: a field of its own, else an attribute.</summary>
internal sealed class FilterField(FieldKind kind, string name)
{
    public static readonly SearchValues<char> NameCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/"
    );

    private readonly byte[] _utf8 = Encoding.UTF8.GetBytes(name);

    public FieldKind Kind { get; } = kind;

    /// <summary>A field that only the other signal has is an attribute here: a log may carry one that is called status.</summary>
    public static FilterField Of(string name, Signal signal) =>
        new(
            (name, signal) switch
            {
                ("service", _) => FieldKind.Service,
                ("release", _) => FieldKind.Release,
                ("environment", _) => FieldKind.Environment,
                ("trace", _) => FieldKind.Trace,
                ("event", _) => FieldKind.Event,
                ("name", Signal.Traces) => FieldKind.Name,
                ("kind", Signal.Traces) => FieldKind.SpanKind,
                ("status", Signal.Traces) => FieldKind.Status,
                ("duration", Signal.Traces) => FieldKind.Duration,
                ("level" or "severity", Signal.Logs) => FieldKind.Level,
                _ => FieldKind.Attribute,
            },
            name
        );

    /// <summary>The nearest first; a list gives itself and then each of its values.</summary>
    public IReadOnlyList<AnyValue> ValuesOf(RecordView view)
    {
        var values = Raw(view);
        return values.Exists(value => value.ValueCase == AnyValue.ValueOneofCase.ArrayValue)
            ?
            [
                .. values.SelectMany(value =>
                    value.ValueCase == AnyValue.ValueOneofCase.ArrayValue ? value.ArrayValue.Values.Prepend(value) : [value]
                ),
            ]
            : values;
    }

    private List<AnyValue> Raw(RecordView view) =>
        Kind switch
        {
            FieldKind.Service => Text(view.Record.Origin.Service),
            FieldKind.Release => Text(view.Record.Origin.Resource.Version),
            FieldKind.Environment => Text(view.Record.Origin.Resource.Environment),
            FieldKind.Trace => Text(view.Record.TraceId == UInt128.Zero ? null : Ids.Trace(view.Record.TraceId)),
            FieldKind.Event => [.. view.EventNames.SelectMany(Text), .. view.Attributes(name, _utf8)],
            FieldKind.Name => Text((view.Record as StoredSpan)?.Name),
            FieldKind.SpanKind => Text((view.Record as StoredSpan)?.Kind.ToString().ToLowerInvariant()),
            FieldKind.Status => Text(view.Status),
            FieldKind.Duration when view.Record is StoredSpan span => [new AnyValue { DoubleValue = (span.End - span.Start) / 1e6 }],
            FieldKind.Level when view.Record is StoredLog log => Text(Severities.NameOf(log.Severity)),
            FieldKind.Attribute => view.Attributes(name, _utf8),
            _ => [],
        };

    private static List<AnyValue> Text(string? text) => text is null ? [] : [new AnyValue { StringValue = text }];
}
