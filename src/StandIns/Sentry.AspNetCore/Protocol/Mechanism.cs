namespace Sentry.Protocol;

/// <summary>How an exception was caught.</summary>
public sealed class Mechanism
{
    public static readonly string MechanismKey = "Sentry:Mechanism";
    public static readonly string HandledKey = "Sentry:Handled";
    public static readonly string DescriptionKey = "Sentry:Description";
    public static readonly string TerminalKey = "Sentry:Terminal";

    public string Type { get; set; } = "generic";

    public string? Description { get; set; }

    public string? Source { get; set; }

    public bool? Handled { get; set; }

    public bool IsExceptionGroup { get; set; }

    public int? ExceptionId { get; set; }

    public int? ParentId { get; set; }
}
