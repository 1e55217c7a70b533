using System.Text;

namespace Aspire.Hosting.Run;

/// <summary>Reads a pipe to its end as lines. It always reads on, or the process at the other end would block on a full pipe.</summary>
internal static class LogPump
{
    // A line that never ends is cut into pieces of this length.
    private const int MaxLineLength = 64 * 1024;

    public static async Task RunAsync(StreamReader reader, Action<string> writeLine)
    {
        var (buffer, line) = (new char[8192], new StringBuilder());
        try
        {
            for (int count; (count = await reader.ReadAsync(buffer).ConfigureAwait(false)) > 0;)
            {
                foreach (var c in buffer.AsSpan(0, count))
                {
                    if (c == '\n' || line.Length >= MaxLineLength)
                    {
                        writeLine(line.ToString().TrimEnd('\r'));
                        line.Clear();
                    }

                    if (c != '\n')
                    {
                        line.Append(c);
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe went away with its process; what was read is written below.
        }

        if (line.Length > 0)
        {
            writeLine(line.ToString());
        }
    }
}
