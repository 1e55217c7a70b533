using System.Globalization;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>State of the trace list from its URL; parameters shared with the query API have the same names.</summary>
internal sealed record TraceQuery(TelemetryQuery Query, TimeRange Range)
{
    private const int MaxPage = 1_000;
    private static readonly string[] Sorts = ["start", "duration", "spans", "errors"];

    /// <summary>Name of the trace.</summary>
    public string Route { get; init; } = "";

    /// <summary>As typed; MinNanos is the parsed form.</summary>
    public string MinDuration { get; init; } = "";

    public double MinNanos { get; init; }

    /// <summary>start, duration, spans or errors; the largest first.</summary>
    public string Sort { get; init; } = Sorts[0];

    /// <summary>The attribute or field to group by; empty for none.</summary>
    public string By { get; init; } = "";

    public int Page { get; init; } = 1;

    /// <summary>False with a sentence that says what is wrong.</summary>
    public static bool TryParse(IQueryCollection values, DateTimeOffset now, out TraceQuery query, out string error)
    {
        query = null!;

        if (
            !TimeRange.TryParse(values, now, TimeRange.All, out var range, out error)
            || !TelemetryQuery.TryParse(TimeRange.WithoutTimes(values), Signal.Traces, out var telemetry, out error)
        )
        {
            return false;
        }

        var (by, min, sort, page) = (values["by"].ToString().Trim(), values["min"].ToString().Trim(), values["sort"].ToString(), 1);
        var nanos = min.Length == 0 ? 0 : DurationText.Nanos(min);

        if (nanos is null)
        {
            error = "min must be a duration, such as 250ms or 1.5s.";
        }
        else if (by.AsSpan().ContainsAnyExcept(FilterField.NameCharacters) || by.Length > Filter.MaxLength)
        {
            error = "by must be the name of an attribute or a field: letters, digits and _ . - /";
        }
        else if (sort.Length > 0 && !Sorts.Contains(sort))
        {
            error = "sort must be start, duration, spans or errors.";
        }
        else if (
            values["page"].ToString() is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out page) || page is < 1 or > MaxPage)
        )
        {
            error = $"page must be between 1 and {MaxPage}.";
        }
        else
        {
            query = new TraceQuery(
                range.IsAll ? telemetry : telemetry with { From = range.From, To = range.IsFixed ? range.To : null },
                range
            )
            {
                Route = values["route"].ToString(),
                MinDuration = min,
                MinNanos = nanos.Value,
                Sort = sort.Length > 0 ? sort : Sorts[0],
                By = by,
                Page = page,
            };
            return true;
        }

        return false;
    }
}
