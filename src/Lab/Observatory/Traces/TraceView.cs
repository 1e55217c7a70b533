using System.Globalization;
using Platform.Observatory.Charts;

namespace Platform.Observatory.Traces;

/// <summary>State of the trace page: how it is shown, which span is selected, and which part, in milliseconds from the start.</summary>
internal sealed record TraceView(string Name, string? SpanId, double? From, double? To, string Sort)
{
    private static readonly string[] Views = ["", "service", "table"];
    private static readonly string[] Sorts = ["start", "duration", "self"];

    public bool IsZoomed => From is not null || To is not null;

    /// <summary>False with a sentence that says what is wrong.</summary>
    public static bool TryParse(IQueryCollection values, out TraceView view, out string error)
    {
        var (name, sort) = (values["view"].ToString(), values["sort"].ToString());
        view = new TraceView(name, values["span"], Number(values["from"]), Number(values["to"]), sort.Length > 0 ? sort : Sorts[0]);
        error =
            !Views.Contains(name) ? "view must be service or table."
            : !Sorts.Contains(view.Sort) ? "sort must be start, duration or self."
            : (view.From is null && values["from"].ToString().Length > 0)
            || (view.To is null && values["to"].ToString().Length > 0)
            || view.From >= view.To
                ? "from and to must be milliseconds from the start of the trace, and from less than to."
            : "";
        return error.Length == 0;
    }

    /// <summary>The part that is shown of a trace.</summary>
    public TimeScale ScaleOf(ulong start, ulong end) => new(Moment(From, start, end) ?? start, Moment(To, start, end) ?? end);

    private static ulong? Moment(double? milliseconds, ulong start, ulong end) =>
        milliseconds is { } value ? start + (ulong)Math.Min(value * 1e6, end - start) : null;

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : null;
}
