namespace Sentry;

/// <summary>Frames, oldest first: the last one is where it happened.</summary>
public class SentryStackTrace
{
    public IList<SentryStackFrame> Frames { get; set; } = [];
}

/// <summary>One call on a stack.</summary>
public sealed class SentryStackFrame
{
    public string? FileName { get; set; }

    public string? Function { get; set; }

    public string? Module { get; set; }

    public int? LineNumber { get; set; }

    public int? ColumnNumber { get; set; }

    public string? AbsolutePath { get; set; }

    public bool? InApp { get; set; }

    public string? Package { get; set; }
}

/// <summary>The thread that captured an event without an exception.</summary>
public sealed class SentryThread
{
    public int? Id { get; set; }

    public string? Name { get; set; }

    public bool? Crashed { get; set; }

    public bool? Current { get; set; }

    public SentryStackTrace? Stacktrace { get; set; }
}
