using Platform.Observatory.Text;

namespace Platform.Observatory.Search;

internal static class SearchViewBuilder
{
    private const int MaxRows = 500;

    public static SearchView Build(Timeline timeline, string at, string window, DateTimeOffset now)
    {
        var traces =
            Format.Count(timeline.Traces, "trace", "traces")
            + (timeline.TracesCapped ? ", only those that failed or have most records" : "");
        var origin = timeline.Query is null ? "of what went wrong" : $"in {traces}";
        var summary =
            timeline.TotalCount == 0
                ? "Nothing in the store has this id or this time."
                : $"{Format.Count(timeline.TotalCount, "entry", "entries")} {origin}"
                    + (timeline.TotalCount > MaxRows ? $"; the first {Format.Count(MaxRows)} are shown" : "");
        return new SearchView(
            timeline.Query ?? "",
            at,
            window,
            "",
            [.. timeline.Entries.Take(MaxRows).Select(entry => Row(entry, now))],
            summary
        );
    }

    private static SearchRow Row(TimelineEntry entry, DateTimeOffset now) =>
        new(
            Format.Moment(entry.Time, now),
            entry.Signal,
            ServiceName.Of(entry.Service),
            entry.Title.Length > 0 ? entry.Title : "(no name)",
            entry.Links.Page,
            entry.DurationMilliseconds is { } milliseconds ? Format.Duration(milliseconds * 1e6) : "",
            entry.IsError ? "bad" : ""
        );
}

public sealed record SearchView(string Id, string At, string Window, string Problem, IReadOnlyList<SearchRow> Rows, string Summary)
{
    public bool HasQuery => Id.Length > 0 || At.Length > 0;
}

public sealed record SearchRow(Moment Time, string Signal, ServiceName Service, string Title, string Href, string Detail, string Class);
