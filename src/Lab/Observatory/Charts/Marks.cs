using Platform.Observatory.Text;

namespace Platform.Observatory.Charts;

/// <summary>A mark on a time line: where it starts and how wide it is, in percent.</summary>
public sealed record Bar(string Start, string Width, string Class)
{
    public string Style => $"--s:{Start};--w:{Width}";
}

/// <summary>Points of one style as a path of zero-length strokes, so that thousands are one element.</summary>
public sealed record Dots(string Class, string Path, string Legend);

/// <summary>An axis label and its position in percent.</summary>
public sealed record AxisMark(string At, string Text);

/// <summary>A slice of a chart's time that links to a view of that slice.</summary>
public sealed record Zone(string Start, string Width, string Href, string Title);

public sealed record TimeMark(string At, Moment Time, string Class);

/// <summary>A deploy on a chart. Class: "flip" when the text goes left of the mark.</summary>
public sealed record DeployMark(string At, string Text, string Href, string Class);
