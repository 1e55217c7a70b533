using Platform.Observatory.Charts;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>View model of the trace page; formatted values only.</summary>
public sealed record Waterfall
{
    public required string TraceId { get; init; }

    public required string Name { get; init; }

    public required Moment Start { get; init; }

    public required string Duration { get; init; }

    /// <summary>What traces of this route usually take; empty when too few are known.</summary>
    public required string Usual { get; init; }

    /// <summary>The ids that the trace carries, to search for.</summary>
    public required IReadOnlyList<Pair> Ids { get; init; }

    public required FindingText Finding { get; init; }

    public required IReadOnlyList<ServiceName> Services { get; init; }

    public required IReadOnlyList<ServiceShare> Shares { get; init; }

    public required int Spans { get; init; }

    public required int Errors { get; init; }

    public required int Logs { get; init; }

    /// <summary>Spans that arrived more than once.</summary>
    public required int Duplicates { get; init; }

    /// <summary>Notes on what is not drawn, or not as it was sent.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The overview of the whole trace, with zones that zoom in.</summary>
    public required IReadOnlyList<MiniBar> Mini { get; init; }

    public required IReadOnlyList<Zone> Zones { get; init; }

    public required bool IsZoomed { get; init; }

    public required IReadOnlyList<Tick> Ticks { get; init; }

    public required IReadOnlyList<WaterfallRow> Rows { get; init; }

    public required IReadOnlyList<SlowSpan> Slower { get; init; }

    public required IReadOnlyList<TraceLink> LinksOut { get; init; }

    public required IReadOnlyList<TraceLink> LinksIn { get; init; }

    public required SpanDetails Selected { get; init; }
}

public sealed record Tick(string Start, string Text);

public sealed record MiniBar(string Start, string Width, string Y, string Class)
{
    public string Style => $"--s:{Start};--w:{Width};--y:{Y}";
}

/// <summary>"5.10 s of 6.39 s pass in", the span, and the rest of the sentence.</summary>
public sealed record FindingText(string Time, string Name, string SpanId, string Rest);

/// <summary>A service's part of the critical path. Class "waiting" is idle time, in which nothing ran.</summary>
public sealed record ServiceShare(string Name, string Class, string Weight, string OnPath, string Self, string Spans, string Errors);

public sealed record SlowSpan(string Name, string SpanId, string Service, string Class, string Duration, string Usual, string Excess);

public sealed record TraceLink(string Name, string Service, string Href);

public enum RowKind
{
    Span,
    Hop,
    Wait,
    Log,
}

/// <summary>One line of the waterfall: a span, a message hop, idle time, or a log record.</summary>
public sealed record WaterfallRow(RowKind Kind, int Depth, string Name, string Detail, string Class)
{
    public string SpanId { get; init; } = "";

    public Bar? Bar { get; init; }

    /// <summary>Own time.</summary>
    public IReadOnlyList<Bar> Self { get; init; } = [];

    /// <summary>Where it waited.</summary>
    public IReadOnlyList<Bar> Gaps { get; init; } = [];

    public IReadOnlyList<Bar> Critical { get; init; } = [];

    /// <summary>Where it usually ends; null when that is not known, or is where it ended.</summary>
    public Bar? UsualEnd { get; init; }

    public string UsualText { get; init; } = "";

    /// <summary>How much longer than usual; empty for as usual.</summary>
    public string Excess { get; init; } = "";

    public string Text { get; init; } = "";

    /// <summary>Own time, for the table.</summary>
    public string SelfText { get; init; } = "";

    public string Offset { get; init; } = "";

    public double Nanos { get; init; }

    public double SelfNanos { get; init; }

    /// <summary>When a log was written.</summary>
    public Moment Time { get; init; } = Moment.None;

    /// <summary>Where the text starts, or where it ends if it is left of the bar, in percent.</summary>
    public string TextAt { get; init; } = "0";

    /// <summary>Empty: right of the bar. "flip": left of it. "on": inside, when there is no room on either side.</summary>
    public string TextClass { get; init; } = "";

    public string SpanKind { get; init; } = "";

    /// <summary>The span is a call to another service.</summary>
    public bool IsHollow => SpanKind is "client" or "producer";

    public string Service { get; init; } = "";

    public bool Failed { get; init; }

    /// <summary>It arrived long after it ended.</summary>
    public bool IsLate { get; init; }

    /// <summary>Its time contradicts another clock.</summary>
    public bool IsSkewed { get; init; }

    public bool IsSelected { get; init; }
}

public sealed record SpanDetails(
    string Name,
    string SpanId,
    ServiceName Service,
    string Kind,
    string Offset,
    string Duration,
    string Usual,
    string Self,
    string Waited,
    bool Failed,
    string StatusMessage,
    int Received,
    IReadOnlyList<Pair> Attributes,
    IReadOnlyList<SpanEvent> Events,
    IReadOnlyList<SpanLink> Links,
    IReadOnlyList<Pair> Resource
);

public sealed record SpanEvent(string Offset, string Name, IReadOnlyList<Pair> Attributes);

public sealed record SpanLink(string TraceId, string SpanId);
