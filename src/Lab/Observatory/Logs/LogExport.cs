using System.Buffers;
using System.Text;
using System.Text.Json;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Logs;

/// <summary>The lines of a view as a file: <c>/logs/export?format=ndjson|csv</c>, oldest first, the newest MaxLines.</summary>
internal static class LogExport
{
    public const int MaxLines = TelemetryQuery.MaxLimit;
    private static readonly string[] Columns =
    [
        "timestamp",
        "level",
        "service",
        "instance",
        "release",
        "environment",
        "trace_id",
        "span_id",
        "event",
        "message",
    ];

    // Spreadsheets treat cells that start like this as formulas.
    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r\n");

    public static IResult File(IEnumerable<StoredLog> logs, string format)
    {
        var text = new StringBuilder();

        if (format == "csv")
        {
            text.AppendJoin(',', Columns).Append("\r\n");
        }

        foreach (var log in logs.TakeLast(MaxLines))
        {
            if (format == "csv")
            {
                text.AppendJoin(',', Values(log, log.Parse()).Select(Cell)).Append("\r\n");
            }
            else
            {
                text.Append(Json(log, log.Parse())).Append('\n');
            }
        }

        return TypedResults.Bytes(
            Encoding.UTF8.GetBytes(text.ToString()),
            format == "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
            $"logs.{format}"
        );
    }

    public static string Cell(string value)
    {
        var safe = value.Length > 0 && Formula.Contains(value[0]) ? "'" + value : value;
        return $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Json(StoredLog log, Otlp.LogRecord message) =>
        JsonSerializer.Serialize(
            Columns
                .Zip(Values(log, message))
                .Select(pair => KeyValuePair.Create(pair.First, pair.Second))
                .Concat(message.Attributes.Select(attribute => KeyValuePair.Create(attribute.Key, ValueText.Whole(attribute.Value))))
                .Where(pair => pair.Value.Length > 0)
                .DistinctBy(pair => pair.Key)
                .ToDictionary()
        );

    private static string[] Values(StoredLog log, Otlp.LogRecord message) =>
        [
            Format.Iso(log.Time),
            Severities.NameOf(log.Severity) ?? "",
            log.Origin.Service,
            log.Origin.Resource.Instance ?? "",
            log.Origin.Resource.Version ?? "",
            log.Origin.Resource.Environment ?? "",
            log.TraceId == UInt128.Zero ? "" : Ids.Trace(log.TraceId),
            log.SpanId == 0 ? "" : Ids.Span(log.SpanId),
            message.EventName,
            ValueText.Whole(message.Body),
        ];
}
