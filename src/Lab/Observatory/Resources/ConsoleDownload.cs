using System.Globalization;
using System.Net.Mime;

namespace Platform.Observatory.Resources;

/// <summary>Everything that the AppHost has kept of a console, without colours, written on while it comes.</summary>
internal static class ConsoleDownload
{
    public static async Task WriteAsync(HttpContext context, ResourceService service, string instance)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.ContentDisposition = new ContentDisposition { FileName = FileName(instance) }.ToString();

        try
        {
            await foreach (var update in service.ConsoleAsync(instance, follow: false, context.RequestAborted))
            {
                foreach (var line in update.LogLines)
                {
                    await context.Response.WriteAsync(Text(ConsoleLine.Of(line, ConsoleLine.LongestLength)), context.RequestAborted);
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ResourceServiceException)
        {
            // The reader of the file is told that it has an end too early.
            await context.Response.WriteAsync($"[{e.Message}]\n", context.RequestAborted);
        }
    }

    private static string Text(ConsoleLine line) =>
        (line.Time is { } time ? time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ ", CultureInfo.InvariantCulture) : "") + line.Plain + "\n";

    private static string FileName(string instance) => string.Concat(instance.Where(character => char.IsAsciiLetterOrDigit(character) || character == '-').Take(80)) + ".log";
}
