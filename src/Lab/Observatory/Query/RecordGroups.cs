using Microsoft.AspNetCore.Http.Extensions;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Query;

/// <summary>
/// Spans or logs by the values of an attribute or a field, largest group first. What is beyond the limit is counted as other. Values
/// that differ by case only are one group, as they are in a filter; a record without the attribute is in the group of the value null.
/// </summary>
internal sealed class RecordGroups(Signal signal, string by, TelemetryQuery query)
{
    private readonly FilterField _field = FilterField.Of(by, signal);

    public GroupResponse Of(IEnumerable<TelemetryRecord> records)
    {
        // Bounded by the records of the store.
        var groups = new Dictionary<string, Group>(StringComparer.OrdinalIgnoreCase);
        var total = 0;

        foreach (var record in records)
        {
            if (query.Matches(record))
            {
                total++;
                Add(groups, record);
            }
        }

        var ordered = groups.Values.OrderByDescending(group => group.Count).ThenBy(group => group.Value, StringComparer.Ordinal).ToList();
        var others = ordered.Skip(query.Limit).ToList();
        return new GroupResponse(
            by,
            [.. ordered.Take(query.Limit).Select(Row)],
            new OtherGroups(others.Count, others.Sum(group => group.Count), others.Sum(group => group.Errors)),
            total
        );
    }

    private void Add(Dictionary<string, Group> groups, TelemetryRecord record)
    {
        var value = _field.ValuesOf(new RecordView(record)).Select(ValueText.Whole).FirstOrDefault(text => text.Length > 0) ?? "";

        if (!groups.TryGetValue(value, out var group))
        {
            groups.Add(value, group = new Group(value));
        }

        group.Add(record);
    }

    private RecordGroup Row(Group group)
    {
        group.Milliseconds.Sort();
        return new RecordGroup(
            group.Value.Length > 0 ? group.Value : null,
            group.Count,
            group.Errors,
            Percentile(group.Milliseconds, 0.5),
            Percentile(group.Milliseconds, 0.95),
            Percentile(group.Milliseconds, 0.99),
            UnixTime.Of(group.First),
            UnixTime.Of(group.Last),
            Links(group.Value)
        );
    }

    // Nearest-rank percentile; null without values.
    private static double? Percentile(List<double> sorted, double share) =>
        sorted.Count == 0 ? null : sorted[(int)Math.Ceiling(sorted.Count * share) - 1];

    // Null where the value is too long for a filter.
    private GroupLinks? Links(string value)
    {
        var search = $"{query.Search} {by}={Filter.Quote(value)}".Trim();

        if (!Filter.TryParse(search, signal, out _, out _))
        {
            return null;
        }

        var parameters = new QueryBuilder { { "search", search } };

        foreach (var resource in query.Resources)
        {
            parameters.Add("resource", resource);
        }

        if (query.HasError is { } hasError)
        {
            parameters.Add("hasError", hasError ? "true" : "false");
        }

        if (query.TraceId is { } trace)
        {
            parameters.Add("traceId", Ids.Trace(trace));
        }

        if (Severities.NameOf(query.MinSeverity) is { } severity)
        {
            parameters.Add("severity", severity);
        }

        return signal == Signal.Traces
            ? new GroupLinks("/api/telemetry/spans" + parameters, "/traces" + parameters)
            : new GroupLinks("/api/telemetry/logs" + parameters, "/logs" + parameters);
    }

    private sealed class Group(string value)
    {
        public string Value { get; } = value;

        public int Count { get; private set; }

        public int Errors { get; private set; }

        public ulong First { get; private set; } = ulong.MaxValue;

        public ulong Last { get; private set; }

        public List<double> Milliseconds { get; } = [];

        public void Add(TelemetryRecord record)
        {
            Count++;
            Errors += record.HasError ? 1 : 0;
            First = Math.Min(First, record.Time);
            Last = Math.Max(Last, record.Time);

            if (record is StoredSpan span)
            {
                Milliseconds.Add((span.End - span.Start) / 1e6);
            }
        }
    }
}

/// <summary>Errors: failed spans, or logs of level error and above.</summary>
internal sealed record GroupResponse(string By, IReadOnlyList<RecordGroup> Groups, OtherGroups Other, int TotalCount);

/// <summary>The percentiles are those of durations, in milliseconds; null for logs.</summary>
internal sealed record RecordGroup(
    string? Value,
    int Count,
    int Errors,
    double? P50,
    double? P95,
    double? P99,
    DateTimeOffset First,
    DateTimeOffset Last,
    GroupLinks? Links
);

internal sealed record OtherGroups(int Groups, int Count, int Errors);

internal sealed record GroupLinks(string Api, string Page);
