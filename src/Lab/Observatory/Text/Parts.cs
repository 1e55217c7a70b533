namespace Platform.Observatory.Text;

/// <summary>
/// A moment for a <c>time</c> element: UTC for the machine, and in words until the script has put them into the reader's zone.
/// </summary>
public sealed record Moment(string Iso, string Text)
{
    public static readonly Moment None = new("", "");
}

public sealed record Pair(string Key, string Value);

/// <summary>A link in a text.</summary>
public sealed record PageLink(string Text, string Href);

/// <summary>One step on the way from symptom to cause; it keeps the context.</summary>
public sealed record TrailStep(string Kind, string Text, string Href, bool IsCurrent = false);
