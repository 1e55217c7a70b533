using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Dashboard;

internal static class WireConsoleLog
{
    // Clients refuse messages of more than 4 MB; a backlog holds 10,000 lines of up to 64 K characters.
    private const int MaxCharactersPerMessage = 256 * 1024;

    /// <summary>The lines in as few messages as may be sent.</summary>
    public static IEnumerable<Wire.WatchResourceConsoleLogsUpdate> Of(IReadOnlyList<LogLine> lines)
    {
        var (update, characters) = (new Wire.WatchResourceConsoleLogsUpdate(), 0);
        foreach (var line in lines)
        {
            if (characters > 0 && characters + line.Content.Length > MaxCharactersPerMessage)
            {
                yield return update;
                (update, characters) = (new Wire.WatchResourceConsoleLogsUpdate(), 0);
            }

            update.LogLines.Add(new Wire.ConsoleLogLine { Text = line.Content, IsStdErr = line.IsErrorMessage, LineNumber = line.LineNumber });
            characters += line.Content.Length;
        }

        if (update.LogLines.Count > 0)
        {
            yield return update;
        }
    }
}
