using System.Globalization;
using Platform.Observatory.Resources.Wire;
using Platform.Observatory.Scrubbing;

namespace Platform.Observatory.Resources;

/// <summary>One printed line. The AppHost writes the time in front: <c>2026-11-21T14:58:12.0410000Z info: ...</c>.</summary>
public sealed record ConsoleLine(int Number, DateTimeOffset? Time, bool IsError, string Text)
{
    /// <summary>What a page shows of one line.</summary>
    public const int ShownLength = 4_096;

    /// <summary>What a download holds of one line.</summary>
    public const int LongestLength = 64 << 10;

    private const int LongestTime = 35;

    internal IReadOnlyList<TextRun> Runs => AnsiText.Runs(Text);

    public string Plain => AnsiText.Plain(Text);

    internal static ConsoleLine Of(ConsoleLogLine line, int length)
    {
        var (time, text) = SplitTime(line.Text);
        var cut = text.Length > length ? $"{text[..length]} [and {(text.Length - length).ToString("#,0", CultureInfo.InvariantCulture)} more characters]" : text;
        return new ConsoleLine(line.LineNumber, time, line is { HasIsStdErr: true, IsStdErr: true }, TextScrubber.Scrub(cut));
    }

    internal static bool Matches(ConsoleLogLine line, string search) =>
        search.Length == 0 || AnsiText.Plain(line.Text).Contains(search, StringComparison.OrdinalIgnoreCase);

    private static (DateTimeOffset? Time, string Text) SplitTime(string text)
    {
        var end = text.AsSpan(0, Math.Min(text.Length, LongestTime + 1)).IndexOf(' ');
        var first = text.AsSpan(0, end < 0 ? Math.Min(text.Length, LongestTime) : end);
        return first.Length > 10 && first[10] == 'T'
            && DateTimeOffset.TryParse(first, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                ? (time, end < 0 ? "" : text[(end + 1)..])
                : (null, text);
    }
}
