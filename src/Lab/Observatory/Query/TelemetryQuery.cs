using System.Globalization;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Query;

/// <summary>The filters of the query API and of the list pages; shared by both.</summary>
internal sealed record TelemetryQuery
{
    public const int DefaultLimit = 200;
    public const int MaxLimit = 10_000;

    public IReadOnlyList<string> Resources { get; init; } = [];

    public UInt128? TraceId { get; init; }

    public bool? HasError { get; init; }

    public int MinSeverity { get; init; }

    /// <summary>Records that began at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Records that began before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>As typed; Filter is the parsed form.</summary>
    public string? Search { get; init; }

    public Filter Filter { get; init; } = Filter.None;

    public int Limit { get; init; } = DefaultLimit;

    public bool Follow { get; init; }

    /// <summary>False with a sentence that says what is wrong.</summary>
    public static bool TryParse(IQueryCollection values, Signal signal, out TelemetryQuery query, out string error)
    {
        query = new TelemetryQuery
        {
            Resources = [.. values["resource"].OfType<string>().Where(name => name.Length > 0)],
            Search = values["search"].ToString() is { Length: > 0 } search ? search : null,
        };
        if (!Filter.TryParse(query.Search ?? "", signal, out var filter, out error))
        {
            error = "In search, " + error;
            return false;
        }

        query = query with { Filter = filter };

        if (values["traceId"].ToString() is { Length: > 0 } traceId)
        {
            if (!TryParseTraceId(traceId, out var id))
            {
                error = "traceId must be 32 hexadecimal digits.";
                return false;
            }

            query = query with { TraceId = id };
        }

        if (values["limit"].ToString() is { Length: > 0 } limit)
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MaxLimit)
            {
                error = $"limit must be between 1 and {MaxLimit}.";
                return false;
            }

            query = query with { Limit = count };
        }

        if (
            !TryParseSwitch(values["hasError"].ToString(), out var hasError) || !TryParseSwitch(values["follow"].ToString(), out var follow)
        )
        {
            error = "hasError and follow must be true or false.";
            return false;
        }

        if (SeverityOf(values["severity"].ToString()) is not { } severity)
        {
            error = "severity must be trace, debug, information, warning, error or critical.";
            return false;
        }

        if (!TryParseTime(values["from"].ToString(), out var from) || !TryParseTime(values["to"].ToString(), out var to))
        {
            error = "from and to must be times like 2026-11-21T14:47:00Z.";
            return false;
        }

        query = query with { From = from, To = to, HasError = hasError, Follow = follow ?? false, MinSeverity = severity };
        return true;
    }

    public static bool TryParseTraceId(string text, out UInt128 id)
    {
        id = default;
        return text.Length == 32 && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id);
    }

    /// <summary>Everything but the search, which has to parse the record.</summary>
    public bool MatchesFields(TelemetryRecord record) =>
        (TraceId is null || record.TraceId == TraceId)
        && (HasError is null || record.HasError == HasError)
        && (record is not StoredLog log || log.Severity >= MinSeverity)
        && MatchesTime(record)
        && MatchesResource(record);

    public bool MatchesTime(TelemetryRecord record) =>
        (From is not { } from || record.Time >= UnixTime.NanosOf(from)) && (To is not { } to || record.Time < UnixTime.NanosOf(to));

    public bool MatchesResource(TelemetryRecord record)
    {
        if (Resources.Count == 0)
        {
            return true;
        }

        foreach (var name in Resources)
        {
            if (record.Origin.Resource.Matches(name))
            {
                return true;
            }
        }

        return false;
    }

    public bool Matches(TelemetryRecord record) => MatchesFields(record) && Filter.Matches(record);

    private static bool TryParseTime(string text, out DateTimeOffset? time)
    {
        var parsed = DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var moment
        );
        time = parsed ? moment : null;
        return parsed || text.Length == 0;
    }

    private static bool TryParseSwitch(string text, out bool? value)
    {
        value = text.Length == 0 ? null : string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
        return value is null or true || string.Equals(text, "false", StringComparison.OrdinalIgnoreCase);
    }

    private static int? SeverityOf(string text) => text.Length == 0 ? 0 : Severities.Of(text)?.Lowest;
}
