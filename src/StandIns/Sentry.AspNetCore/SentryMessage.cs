namespace Sentry;

/// <summary>The text of an event: the template (one issue for all its values) and the formatted line.</summary>
public sealed class SentryMessage
{
    public string? Message { get; set; }

    public string? Formatted { get; set; }

    public IEnumerable<object>? Params { get; set; }

    public static implicit operator SentryMessage(string? message) => new() { Message = message };
}
