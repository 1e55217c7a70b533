using System.Text;

namespace Platform.Observatory.Resources;

/// <summary>Text in one look. Class holds names of the stylesheet only, never anything of the text.</summary>
internal readonly record struct TextRun(string Class, string Text);

/// <summary>
/// Reads what a process wrote for a terminal, like <c>ESC[32minfo ESC[39mstarted</c>: colours become classes, every other command to a
/// terminal is left out, and characters that would act on the reader instead of being seen become a mark. Each line starts plain.
/// </summary>
internal static class AnsiText
{
    private const char Escape = '\u001b';
    private const char Csi = '\u009b';
    private const char Mark = '\ufffd';

    // Beyond it the rest of a line has one look.
    private const int MaxRuns = 200;

    public static IReadOnlyList<TextRun> Runs(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\u001f') && !text.AsSpan().ContainsAnyInRange('\u007f', '\u009f') && !text.Any(IsActing))
        {
            return text.Length == 0 ? [] : [new TextRun("", text)];
        }

        var runs = new List<TextRun>();
        var look = new AnsiLook();
        var part = new StringBuilder();

        for (var index = 0; index < text.Length;)
        {
            var character = text[index];

            if (character is not (Escape or Csi))
            {
                part.Append(character == '\t' || !(char.IsControl(character) || IsActing(character)) ? character : Mark);
                index++;
                continue;
            }

            var end = EndOf(text, index, out var colours);

            if (colours is not null && runs.Count < MaxRuns)
            {
                Flush(runs, part, look.Class);
                look.Apply(colours);
            }

            index = end;
        }

        Flush(runs, part, look.Class);
        return runs;
    }

    public static string Plain(string text) => string.Concat(Runs(text).Select(run => run.Text));

    private static void Flush(List<TextRun> runs, StringBuilder part, string look)
    {
        if (part.Length > 0)
        {
            runs.Add(new TextRun(look, part.ToString()));
            part.Clear();
        }
    }

    /// <summary>Where the command ends that begins here; an unfinished one takes the rest of the line.</summary>
    private static int EndOf(string text, int start, out string? colours)
    {
        colours = null;
        var index = start + 1;

        if (text[start] == Escape)
        {
            if (index >= text.Length)
            {
                return text.Length;
            }

            switch (text[index++])
            {
                case '[':
                    break;

                // A text for the terminal itself, as a title or a link, up to BEL or ESC \.
                case ']' or 'P' or 'X' or '^' or '_':
                    var bell = text.IndexOf('\a', index);
                    var terminator = text.IndexOf("\u001b\\", index, StringComparison.Ordinal);
                    return bell >= 0 && (terminator < 0 || bell < terminator) ? bell + 1 : terminator >= 0 ? terminator + 2 : text.Length;
                case '(' or ')' or '#' or '%':
                    return Math.Min(index + 1, text.Length);
                default:
                    return index;
            }
        }

        var parameters = index;

        while (index < text.Length && text[index] is >= ' ' and <= '?')
        {
            index++;
        }

        if (index < text.Length && text[index] == 'm')
        {
            colours = text[parameters..index];
        }

        return Math.Min(index + 1, text.Length);
    }

    // They turn the direction of what follows: a line could show other text than it holds.
    private static bool IsActing(char character) => character is >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069' or '\u2028' or '\u2029';
}
