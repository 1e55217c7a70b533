namespace Platform.Observatory.Text;

/// <summary>
/// A time for a <c>time</c> element: UTC for the script, and text until the script has converted it to the user's time zone.
/// </summary>
public sealed record Moment(string Iso, string Text)
{
    public static readonly Moment None = new("", "");
}

public sealed record Pair(string Key, string Value);

/// <summary>A link in a text.</summary>
public sealed record PageLink(string Text, string Href);

/// <summary>One step from symptom to cause.</summary>
public sealed record TrailStep(string Kind, string Text, string Href, bool IsCurrent = false);
