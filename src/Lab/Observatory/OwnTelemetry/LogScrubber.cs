using OpenTelemetry;
using OpenTelemetry.Logs;
using Platform.Observatory.Scrubbing;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>
/// Own log records do not come through the intake, so that they are scrubbed here. An exception with a secret in it becomes its type and
/// its scrubbed message.
/// </summary>
internal sealed class LogScrubber : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        data.Body = data.Body is { } body ? TextScrubber.Scrub(body) : null;
        data.FormattedMessage = data.FormattedMessage is { } message ? TextScrubber.Scrub(message) : null;
        List<KeyValuePair<string, object?>> attributes =
        [
            .. (data.Attributes ?? []).Select(pair => pair.Value is null ? pair : new(pair.Key, Scrub(pair.Value))),
        ];

        if (data.Exception is { } exception && exception.ToString() is var text && !ReferenceEquals(TextScrubber.Scrub(text), text))
        {
            data.Exception = null;
            attributes.Add(new("exception.type", exception.GetType().FullName));
            attributes.Add(new("exception.message", TextScrubber.Scrub(exception.Message)));
        }

        data.Attributes = attributes;
    }

    private static object Scrub(object value) =>
        value.ToString() is { } text && TextScrubber.Scrub(text) is var clean && !ReferenceEquals(clean, text) ? clean : value;
}
