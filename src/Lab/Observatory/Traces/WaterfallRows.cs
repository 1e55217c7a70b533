using Platform.Observatory.Charts;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;
using SpanKind = Platform.Observatory.Otlp.Span.Types.SpanKind;

namespace Platform.Observatory.Traces;

/// <summary>The lines of a waterfall: spans in the order of the tree, between them message hops, waits, logs and errors.</summary>
internal sealed class WaterfallRows(
    TimeScale scale,
    ulong traceStart,
    bool isZoomed,
    CriticalPath path,
    SpanTimes times,
    UsualTimes usual,
    string? selectedSpanId,
    DateTimeOffset now
)
{
    private const int MaxLogRows = 500;
    private const int MaxIndent = 16;

    // Percent of the lane that the text needs beside its bar.
    private const double RoomRight = 82;
    private const double RoomLeft = 18;
    private readonly List<WaterfallRow> _rows = [];
    private readonly Dictionary<(ulong Parent, string Name), StoredSpan> _attempts = [];
    private readonly Dictionary<ulong, (ulong Start, ulong End)> _waits = path
        .Waits.ToLookup(wait => wait.End)
        .ToDictionary(wait => wait.Key, wait => wait.First());

    public int LogRows { get; private set; }

    public List<TraceLink> Links { get; } = [];

    public IReadOnlyList<WaterfallRow> Rows => _rows;

    public void AddSpan(TreeNode node)
    {
        var span = node.Span;
        var message = span.Parse();
        Links.AddRange(
            message.Links.Select(link => new TraceLink(
                span.Name,
                Ids.Hex(link.TraceId)[..Math.Min(8, link.TraceId.Length * 2)],
                $"/traces/{Ids.Hex(link.TraceId)}?span={Ids.Hex(link.SpanId)}"
            ))
        );
        AddGapBefore(node, message);
        _attempts[(span.ParentId, span.Name)] = span;

        if (!scale.Shows(span.Start, span.End))
        {
            return;
        }

        var text = TextPlace(span.Start, span.End);
        var self = times.Self(span);
        var usualEnd = usual.Of(span) is { } median && usual.Excess(span) is not null ? span.Start + (ulong)median : (ulong?)null;
        _rows.Add(
            new WaterfallRow(
                RowKind.Span,
                Math.Min(node.Depth, MaxIndent),
                span.Name.Length > 0 ? span.Name : "(no name)",
                Detail(span, node, message),
                ServiceName.ClassOf(span.Origin.Service)
            )
            {
                SpanId = Ids.Span(span.SpanId),
                Bar = scale.Bar(span.Start, span.End, ""),
                Self = scale.Bars(self),
                Gaps = times.Wait(span) is { } wait ? scale.Bars([wait]) : [],
                Critical = scale.Bars(path.Of(span)),
                UsualEnd = usualEnd is { } end && scale.Shows(end, end) ? scale.Bar(end, end, "") : null,
                UsualText = usual.Of(span) is { } usually ? Format.Duration(usually) : "",
                Excess = usual.Excess(span) is { } excess ? "+" + Format.Duration(excess) : "",
                TextAt = Format.Number(text.At),
                TextClass = text.Class,
                Text = Format.Duration(span.End - span.Start),
                SelfText = Format.Duration(self.Sum(part => (double)(part.End - part.Start))),
                Offset = Format.Duration(span.Start - traceStart),
                Nanos = span.End - span.Start,
                SelfNanos = self.Sum(part => (double)(part.End - part.Start)),
                SpanKind = KindOf(span.Kind),
                Service = span.Origin.Service,
                Failed = span.Failed,
                IsLate = span.IsLate,
                IsSkewed = ClockSkew.IsSkewed(node),
                IsSelected = selectedSpanId is not null && Ids.Span(span.SpanId) == selectedSpanId,
            }
        );
        AddExceptions(message, node.Depth);
    }

    public void AddLogs(IEnumerable<StoredLog> records, int depth)
    {
        foreach (var record in records.Where(record => !isZoomed || scale.Shows(record.Time, record.Time)).Take(MaxLogRows - LogRows))
        {
            var message = record.Parse();
            var cssClass =
                record.Severity >= StoredLog.ErrorSeverity ? "bad"
                : record.Severity >= StoredLog.WarningSeverity ? "warn"
                : "";
            var text = ValueText.Of(message.Body);
            _rows.Add(
                new WaterfallRow(
                    RowKind.Log,
                    Math.Min(depth, MaxIndent),
                    text.Length > 0 ? text : message.EventName,
                    record.Origin.Service,
                    cssClass
                )
                {
                    Time = Format.Moment(record.Time, now),
                }
            );
            LogRows++;
        }
    }

    public static string KindOf(SpanKind kind) =>
        kind switch
        {
            SpanKind.Server => "server",
            SpanKind.Client => "client",
            SpanKind.Producer => "producer",
            SpanKind.Consumer => "consumer",
            _ => "internal",
        };

    private void AddGapBefore(TreeNode node, Span message)
    {
        var span = node.Span;

        if (span.Kind == SpanKind.Consumer && node.Parent is { Kind: SpanKind.Producer } producer && span.Start >= producer.End)
        {
            var destination = ValueText.Find(message.Attributes, "messaging.destination.name") ?? "";
            Add(RowKind.Hop, node.Depth, destination.Length > 0 ? destination : "message", producer.End, span.Start, " in the queue");
        }
        else if (_waits.Remove(span.Start, out var wait))
        {
            Add(RowKind.Wait, node.Depth, "nothing ran", wait.Start, wait.End, $" until {span.Name}");
        }
        else if (_attempts.TryGetValue((span.ParentId, span.Name), out var before) && before.Failed && before.End < span.Start)
        {
            Add(RowKind.Wait, node.Depth, "before the next attempt", before.End, span.Start, "");
        }
    }

    private void Add(RowKind kind, int depth, string name, ulong from, ulong to, string suffix)
    {
        if (!scale.Shows(from, to))
        {
            return;
        }

        var text = TextPlace(from, to);
        _rows.Add(
            new WaterfallRow(kind, Math.Min(depth, MaxIndent), name, "", "")
            {
                Bar = scale.Bar(from, to, ""),
                Critical = scale.Bars(
                    path.Waits.Where(wait => wait.Start < to && wait.End > from)
                        .Select(wait => (Math.Max(wait.Start, from), Math.Min(wait.End, to)))
                ),
                TextAt = Format.Number(text.At),
                TextClass = text.Class,
                Text = Format.Duration(to - from) + suffix,
            }
        );
    }

    // A span's exception is shown where it happened, even when nobody logged it.
    private void AddExceptions(Span message, int depth)
    {
        foreach (var item in message.Events.Where(item => item.Name == "exception").Take(MaxLogRows - LogRows))
        {
            var (type, text) = (
                ValueText.Find(item.Attributes, "exception.type") ?? "",
                ValueText.Find(item.Attributes, "exception.message") ?? ""
            );
            _rows.Add(
                new WaterfallRow(
                    RowKind.Log,
                    Math.Min(depth, MaxIndent),
                    $"{type[(type.LastIndexOf('.') + 1)..]}: {text}",
                    "exception",
                    "bad"
                )
                {
                    Time = Format.Moment(item.TimeUnixNano, now),
                }
            );
            LogRows++;
        }
    }

    // The service is shown only where it changes; for a call the peer is shown.
    private static string Detail(StoredSpan span, TreeNode node, Span message)
    {
        var peer = span.Kind is SpanKind.Client or SpanKind.Producer
            ? ValueText.Find(message.Attributes, "messaging.destination.name")
                ?? ValueText.Find(message.Attributes, "db.system.name")
                ?? ValueText.Find(message.Attributes, "server.address")
            : null;
        return peer is not null ? $"to {peer}"
            : node.Parent?.Origin.Service == span.Origin.Service ? ""
            : span.Origin.Service;
    }

    private (double At, string Class) TextPlace(ulong from, ulong to) =>
        (scale.At(from), scale.At(to)) switch
        {
            (_, var end) when end <= RoomRight => (end, ""),
            (var start, _) when start >= RoomLeft => (start, "flip"),
            (_, var end) => (end, "on"),
        };
}
