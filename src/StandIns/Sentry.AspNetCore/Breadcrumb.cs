namespace Sentry;

/// <summary>One thing that happened before an event; immutable, so a scrubber returns a new one.</summary>
public sealed class Breadcrumb
{
    public Breadcrumb(
        string message,
        string type,
        IReadOnlyDictionary<string, string>? data = null,
        string? category = null,
        BreadcrumbLevel level = default)
        : this(DateTimeOffset.UtcNow, message, type, data, category, level)
    {
    }

    internal Breadcrumb(
        DateTimeOffset timestamp,
        string? message,
        string? type,
        IReadOnlyDictionary<string, string>? data,
        string? category,
        BreadcrumbLevel level)
    {
        Timestamp = timestamp;
        Message = Text.Shorten(message);
        Type = type;
        Data = data;
        Category = category;
        Level = level;
    }

    public DateTimeOffset Timestamp { get; }

    public string? Message { get; }

    public string? Type { get; }

    public IReadOnlyDictionary<string, string>? Data { get; }

    public string? Category { get; }

    public BreadcrumbLevel Level { get; }
}
