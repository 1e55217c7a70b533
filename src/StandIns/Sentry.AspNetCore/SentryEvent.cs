using Sentry.Protocol;

namespace Sentry;

/// <summary>An error or a message on its way to Sentry.</summary>
public sealed class SentryEvent : IEventLike
{
    private readonly Dictionary<string, string> _tags = [];
    private readonly Dictionary<string, object?> _extra = [];
    private readonly List<Breadcrumb> _breadcrumbs = [];

    public SentryEvent()
        : this(null)
    {
    }

    public SentryEvent(Exception? exception)
        : this(exception, SentryId.Create())
    {
    }

    internal SentryEvent(Exception? exception, SentryId eventId)
    {
        Exception = exception;
        EventId = eventId;
    }

    public Exception? Exception { get; }

    public SentryId EventId { get; }

    public DateTimeOffset Timestamp { get; } = DateTimeOffset.UtcNow;

    public SentryMessage? Message { get; set; }

    public string? Logger { get; set; }

    public string? Platform { get; set; } = "csharp";

    public string? ServerName { get; set; }

    public string? Release { get; set; }

    public string? Distribution { get; set; }

    public string? Environment { get; set; }

    public string? TransactionName { get; set; }

    public SentryLevel? Level { get; set; }

    public IEnumerable<SentryException>? SentryExceptions { get; set; }

    public IEnumerable<SentryThread>? SentryThreads { get; set; }

    public SentryRequest Request { get; set; } = new();

    public SentryContexts Contexts { get; set; } = [];

    public SentryUser User { get; set; } = new();

    public SdkVersion Sdk { get; } = new();

    public IReadOnlyList<string> Fingerprint { get; set; } = [];

    public IReadOnlyCollection<Breadcrumb> Breadcrumbs => _breadcrumbs;

    public IReadOnlyDictionary<string, object?> Extra => _extra;

    public IReadOnlyDictionary<string, string> Tags => _tags;

    public void AddBreadcrumb(Breadcrumb breadcrumb) => _breadcrumbs.Add(breadcrumb);

    public void SetExtra(string key, object? value) => _extra[key] = value;

    public void SetTag(string key, string value) => _tags[key] = value;

    public void UnsetTag(string key) => _tags.Remove(key);
}
