using Platform.Observatory.Text;

namespace Platform.Observatory.Charts;

/// <summary>A mark on a time line: where it starts and how wide it is, in percent.</summary>
public sealed record Bar(string Start, string Width, string Class)
{
    public string Style => $"--s:{Start};--w:{Width}";
}

/// <summary>Points of one look as a path of strokes without length, so that thousands are one element.</summary>
public sealed record Dots(string Class, string Path, string Legend);

/// <summary>A mark of an axis, where it stands in percent.</summary>
public sealed record AxisMark(string At, string Text);

/// <summary>A piece of the time of a chart, which leads to the view of that piece.</summary>
public sealed record Zone(string Start, string Width, string Href, string Title);

public sealed record TimeMark(string At, Moment Time, string Class);

/// <summary>A deploy on the time of a chart. Class: "flip" where the text has to stand left of the mark.</summary>
public sealed record DeployMark(string At, string Text, string Href, string Class);
