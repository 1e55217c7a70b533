namespace Platform.Observatory.Pages;

/// <summary>
/// A moment for a <c>time</c> element: UTC for the machine, and in words until the script has put them into the reader's zone.
/// </summary>
public sealed record Moment(string Iso, string Text)
{
    public static readonly Moment None = new("", "");
}
