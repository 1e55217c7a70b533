using OpenTelemetry;
using OpenTelemetry.Logs;
using Platform.Redaction;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>
/// Our own log records bypass the intake, so they are scrubbed here. An exception that contains a secret is reduced to its type and its
/// scrubbed message.
/// </summary>
internal sealed class LogScrubber : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        data.Body = data.Body is { } body ? Redactor.Redact(body) : null;
        data.FormattedMessage = data.FormattedMessage is { } message ? Redactor.Redact(message) : null;
        List<KeyValuePair<string, object?>> attributes =
        [
            .. (data.Attributes ?? []).Select(pair => KeyValuePair.Create(pair.Key, Redactor.Redact(pair.Key, pair.Value))),
        ];

        if (data.Exception is { } exception && exception.ToString() is var text && !ReferenceEquals(Redactor.Redact(text), text))
        {
            data.Exception = null;
            attributes.Add(new("exception.type", exception.GetType().FullName));
            attributes.Add(new("exception.message", Redactor.Redact(exception.Message)));
        }

        data.Attributes = attributes;
    }
}
