using System.Diagnostics;
using Platform.ServiceDefaults.Logging;

namespace Platform.ServiceDefaults.Telemetry;

/// <summary>
/// Scrubs what an exception says before it is recorded in a span, whoever records it: Npgsql and HttpClient do so by themselves, and an
/// event of a span cannot be changed afterwards.
/// </summary>
internal static class ExceptionTexts
{
    /// <summary>Samples nothing: it only has a say where a span is recorded anyway.</summary>
    public static ActivityListener Scrub(Func<string, bool> isOurs)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => isOurs(source.Name),
            ExceptionRecorder = (Activity _, Exception exception, ref TagList tags) =>
            {
                tags.Add("exception.message", Scrubber.Scrub(exception.Message));
                tags.Add("exception.stacktrace", Scrubber.Scrub(exception.ToString()));
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
