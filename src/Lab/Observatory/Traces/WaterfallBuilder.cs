using Platform.Observatory.Charts;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Traces;

/// <summary>Builds the view of a trace. all: every span of the store, for usual durations and back links.</summary>
internal sealed class WaterfallBuilder(
    IReadOnlyList<StoredSpan> spans,
    IReadOnlyList<StoredLog> logs,
    StoredSpan[] all,
    TraceView view,
    string address,
    DateTimeOffset now
)
{
    // What a browser draws without trouble and a person scrolls through.
    private const int MaxSpanRows = 1_000;
    private const int MaxServices = 16;
    private const int MaxMiniBars = 400;
    private const int MaxLinks = 20;
    private const int Ticks = 5;
    private const int Slices = 20;
    private const double MiniLine = 5;
    private const int MiniLines = 6;

    private readonly ulong _start = spans.Min(span => span.Start);
    private readonly ulong _end = spans.Max(span => span.End);
    private readonly SpanTree _tree = new(spans);

    public Waterfall Build()
    {
        var nodes = _tree.Nodes;
        var root = nodes[0].Span;
        var (path, times, usual, scale) = (
            new CriticalPath(nodes),
            new SpanTimes(nodes),
            new UsualTimes(spans, root, all),
            view.ScaleOf(_start, _end)
        );
        var rows = new WaterfallRows(scale, _start, view.IsZoomed, path, times, usual, view.SpanId, now);
        var drawn = nodes.Take(MaxSpanRows).ToList();
        AddRows(rows, drawn);
        var finding = new TraceFinding(drawn, path, times, usual);
        var (time, name, spanId, rest) = finding.Sentence(_end - _start);
        // Defaults to the span that the finding names.
        var selected = (nodes.FirstOrDefault(node => Ids.Span(node.Span.SpanId) == (view.SpanId ?? spanId)) ?? nodes[0]).Span;
        var details = new SpanDetailsBuilder(_start, times, usual).Build(selected);
        return new Waterfall
        {
            TraceId = Ids.Trace(spans[0].TraceId),
            Name = new TraceSummary([.. spans]).Name,
            Start = Format.Moment(_start, now),
            Duration = Format.Duration(_end - _start),
            Usual = usual.Trace is { } median
                ? $"usually {Format.Duration(median)}, of {Format.Count(usual.Traces, "trace", "traces")}"
                : "",
            Ids = [.. IdsOf(drawn)],
            Finding = new FindingText(time, name, spanId, rest),
            Services =
            [
                .. nodes
                    .Select(node => node.Span.Origin.Service)
                    .Distinct(StringComparer.Ordinal)
                    .Take(MaxServices)
                    .Select(service => ServiceName.Of(service)),
            ],
            Shares = ServiceShares.Of(nodes, path, times, _end - _start),
            Spans = spans.Count,
            Errors = spans.Count(span => span.Failed),
            Logs = logs.Count,
            Duplicates = spans.Count(span => span.Received > 1),
            Notes = Notes(drawn.Count, rows.LogRows),
            Mini = Mini(),
            Zones = Zones(),
            IsZoomed = view.IsZoomed,
            Ticks =
            [
                .. Enumerable
                    .Range(0, Ticks)
                    .Select(tick => new Tick(
                        Format.Number(100.0 * tick / Ticks),
                        Format.Duration(scale.Start - _start + (scale.Length * tick / Ticks))
                    )),
            ],
            Rows = view.Sort switch
            {
                "duration" => [.. rows.Rows.OrderByDescending(row => row.Nanos)],
                "self" => [.. rows.Rows.OrderByDescending(row => row.SelfNanos)],
                _ => rows.Rows,
            },
            Slower =
            [
                .. finding.Slower.Select(slow => new SlowSpan(
                    slow.Span.Name,
                    Ids.Span(slow.Span.SpanId),
                    slow.Span.Origin.Service,
                    ServiceName.ClassOf(slow.Span.Origin.Service),
                    Format.Duration(slow.Span.End - slow.Span.Start),
                    Format.Duration(usual.Of(slow.Span) ?? 0),
                    "+" + Format.Duration(slow.Excess)
                )),
            ],
            LinksOut = [.. rows.Links.Take(MaxLinks)],
            LinksIn = BackLinks.To(root.TraceId, all),
            Selected = details,
        };
    }

    private void AddRows(WaterfallRows rows, List<TreeNode> drawn)
    {
        var known = drawn.Select(node => node.Span.SpanId).ToHashSet();
        var bySpan = logs.OrderBy(log => log.Time).ToLookup(log => known.Contains(log.SpanId) ? log.SpanId : 0);

        foreach (var node in drawn)
        {
            rows.AddSpan(node);
            rows.AddLogs(bySpan[node.Span.SpanId], node.Depth);
        }

        // Logs that belong to no span that is drawn.
        rows.AddLogs(bySpan[0], depth: 0);
    }

    // The first of each that a span carries; a trace belongs to one order, request, user and tenant as a rule.
    private static IEnumerable<Pair> IdsOf(List<TreeNode> nodes)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);

        foreach (var node in nodes.Where(node => node.Span.IdBits != 0))
        {
            if (found.Count == RecordIds.Keys.Length)
            {
                break;
            }

            foreach (var attribute in node.Span.Parse().Attributes.Where(attribute => RecordIds.Keys.Contains(attribute.Key)))
            {
                found.TryAdd(attribute.Key, ValueText.Of(attribute.Value));
            }
        }

        return RecordIds.Keys.Reverse().Where(found.ContainsKey).Select(key => new Pair(key, found[key]));
    }

    private List<MiniBar> Mini()
    {
        var whole = new TimeScale(_start, _end);
        var lines = spans
            .OrderBy(span => span.Start)
            .Select(span => span.Origin.Service)
            .Distinct(StringComparer.Ordinal)
            .Index()
            .ToDictionary(service => service.Item, service => service.Index % MiniLines, StringComparer.Ordinal);
        var atWork = spans
            .GroupBy(span => span.Origin.Service)
            .SelectMany(service =>
                Intervals
                    .Union(service.Select(span => (span.Start, span.End)))
                    .Select(part => whole.Bar(part.Start, part.End, ServiceName.ClassOf(service.Key)))
                    .Select(bar => new MiniBar(bar.Start, bar.Width, Format.Number(4 + (lines[service.Key] * MiniLine)), bar.Class))
            );
        var failures = spans
            .Where(span => span.Failed)
            .Select(span => new MiniBar(
                Format.Number(whole.At(span.End)),
                "0.3",
                Format.Number(4 + (lines[span.Origin.Service] * MiniLine)),
                "err"
            ));
        return [.. atWork.Take(MaxMiniBars), .. failures.Take(MaxMiniBars)];
    }

    private List<Zone> Zones()
    {
        var slice = (_end - _start) / 1e6 / Slices;
        return
        [
            .. Enumerable
                .Range(0, Slices)
                .Select(index => new Zone(
                    Format.Number(100.0 * index / Slices),
                    Format.Number(100.0 / Slices),
                    Addresses.With(
                        address,
                        ("from", Format.Number(index * slice)),
                        ("to", Format.Number((index + 1) * slice)),
                        ("view", null)
                    ),
                    $"Closer, from {Format.Duration(index * slice * 1e6)} on"
                )),
        ];
    }

    private List<string> Notes(int drawn, int logRows)
    {
        var notes = new List<string>();

        if (drawn < spans.Count)
        {
            notes.Add($"The first {Format.Count(drawn)} of {Format.Count(spans.Count)} spans are drawn; the query API has them all.");
        }

        if (logRows < logs.Count && !view.IsZoomed)
        {
            notes.Add($"{Format.Count(logRows)} of {Format.Count(logs.Count)} logs are shown.");
        }

        if (_tree.Orphans > 0)
        {
            notes.Add($"{Format.Count(_tree.Orphans, "span names", "spans name")} a parent that is not in the store.");
        }

        if (spans.Count(span => span.IsLate) is var late and > 0)
        {
            var arrived = Format.Count(
                late,
                "span arrived more than a minute after it ended",
                "spans arrived more than a minute after they ended"
            );
            notes.Add($"{arrived}.");
        }

        if (_tree.Nodes.Count(ClockSkew.IsSkewed) is var skewed and > 0)
        {
            var begin = Format.Count(
                skewed,
                "span starts before the span that called it, or in the future",
                "spans start before the spans that called them, or in the future"
            );
            notes.Add($"{begin}: the clocks differ.");
        }

        if (_tree.Cycles > 0)
        {
            notes.Add("The parents of some spans form a cycle; it is broken at the earliest of them.");
        }

        return notes;
    }
}
