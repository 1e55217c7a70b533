using System.Globalization;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Logs;

/// <summary>State of the logs page from its URL; parameters shared with the query API have the same names.</summary>
internal sealed record LogQuery(TelemetryQuery Query, TimeRange Range, string Severity, string Line)
{
    /// <summary>False with a sentence that says what is wrong.</summary>
    public static bool TryParse(IQueryCollection values, DateTimeOffset now, out LogQuery query, out string error)
    {
        query = null!;

        if (
            !TimeRange.TryParse(values, now, TimeRange.All, out var range, out error)
            || !TelemetryQuery.TryParse(TimeRange.WithoutTimes(values), Signal.Logs, out var telemetry, out error)
        )
        {
            return false;
        }

        query = new LogQuery(
            range.IsAll ? telemetry : telemetry with { From = range.From, To = range.IsFixed ? range.To : null },
            range,
            values["severity"].ToString(),
            values["line"].ToString()
        );
        return true;
    }

    /// <summary>Time and span: enough to find a line again; identical lines are interchangeable.</summary>
    public static string IdOf(StoredLog log) => string.Create(CultureInfo.InvariantCulture, $"{log.Time}-{Ids.Span(log.SpanId)}");
}
