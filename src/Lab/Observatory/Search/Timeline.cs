namespace Platform.Observatory.Search;

/// <summary>Everything that is known of an id or a moment, in order of time, over all services and signals.</summary>
internal sealed record Timeline(
    string? Query,
    DateTimeOffset? From,
    DateTimeOffset? To,
    IReadOnlyList<TimelineEntry> Entries,
    int TotalCount,
    int Traces,
    bool TracesCapped
);

/// <summary>Signal: span, log, event or deploy.</summary>
internal sealed record TimelineEntry(
    DateTimeOffset Time,
    string Signal,
    string Service,
    string Title,
    bool IsError,
    double? DurationMilliseconds,
    string? TraceId,
    TimelineLinks Links
);

/// <summary>Api is what a program reads, Page what a person does.</summary>
internal sealed record TimelineLinks(string? Api, string Page);
