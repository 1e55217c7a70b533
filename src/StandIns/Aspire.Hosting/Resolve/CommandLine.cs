using System.Text;

namespace Aspire.Hosting.Resolve;

/// <summary>Splits the commandLineArgs of a launch profile. No shell is involved: only spaces, double quotes and \" have a meaning.</summary>
internal static class CommandLine
{
    public static IEnumerable<string> Split(string text)
    {
        var current = new StringBuilder();
        var (quoted, started) = (false, false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && i + 1 < text.Length && text[i + 1] == '"')
            {
                current.Append('"');
                i++;
            }
            else if (c == '"')
            {
                quoted = !quoted;
                started = true;
            }
            else if (char.IsWhiteSpace(c) && !quoted)
            {
                if (started || current.Length > 0)
                {
                    yield return current.ToString();
                }

                current.Clear();
                started = false;
            }
            else
            {
                current.Append(c);
            }
        }

        if (started || current.Length > 0)
        {
            yield return current.ToString();
        }
    }
}
