namespace Sentry.Protocol;

/// <summary>One exception of a chain.</summary>
public sealed class SentryException
{
    public string? Type { get; set; }

    public string? Value { get; set; }

    public string? Module { get; set; }

    public int ThreadId { get; set; }

    public SentryStackTrace? Stacktrace { get; set; }

    public Mechanism? Mechanism { get; set; }
}
