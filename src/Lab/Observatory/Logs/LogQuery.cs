using System.Globalization;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Logs;

/// <summary>The state of the page of the logs, as its address says it; what the query API has too is called the same.</summary>
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

    /// <summary>Time and span: enough to find a line again, and lines alike are alike.</summary>
    public static string IdOf(StoredLog log) => string.Create(CultureInfo.InvariantCulture, $"{log.Time}-{Ids.Span(log.SpanId)}");
}
