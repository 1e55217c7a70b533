using Sentry.Extensibility;
using Sentry.Reporting;

namespace Sentry;

/// <summary>
/// What is added to the events of one flow of control. Every member may be used from several threads: the parallel parts of one
/// request share its scope. Collections are replaced, not changed, so that a clone costs a few references.
/// </summary>
public class Scope : IEventLike
{
    private readonly Lock _lock = new();
    private readonly SentryOptions _options;

    // Bounded by MaxBreadcrumbs; the oldest goes.
    private readonly Queue<Breadcrumb> _breadcrumbs;

    private Dictionary<string, string> _tags = [];
    private Dictionary<string, object?> _extra = [];
    private List<ISentryEventProcessor> _processors = [];

    public Scope(SentryOptions? options)
        : this(options ?? new SentryOptions(), [])
    {
    }

    private Scope(SentryOptions options, IEnumerable<Breadcrumb> breadcrumbs)
    {
        _options = options;
        _breadcrumbs = new Queue<Breadcrumb>(breadcrumbs);
    }

    public SentryLevel? Level { get; set; }

    public SentryRequest Request { get; set; } = new();

    public SentryContexts Contexts { get; set; } = [];

    public SentryUser User { get; set; } = new();

    public string? Release { get; set; }

    public string? Distribution { get; set; }

    public string? Environment { get; set; }

    public string? TransactionName { get; set; }

    public SdkVersion Sdk { get; } = new();

    public IReadOnlyList<string> Fingerprint { get; set; } = [];

    public IReadOnlyDictionary<string, string> Tags => _tags;

    public IReadOnlyDictionary<string, object?> Extra => _extra;

    public IReadOnlyCollection<Breadcrumb> Breadcrumbs
    {
        get
        {
            lock (_lock)
            {
                return [.. _breadcrumbs];
            }
        }
    }

    internal SentryId LastEventId { get; set; }

    internal PropagationContext Propagation { get; set; } = new();

    /// <summary>Adds what is only known when an event happens, such as the route of the request.</summary>
    internal Action<SentryEvent>? Enrich { get; set; }

    internal IReadOnlyList<ISentryEventProcessor> Processors => _processors;

    public void AddBreadcrumb(Breadcrumb breadcrumb) => AddBreadcrumb(breadcrumb, new SentryHint());

    public void AddBreadcrumb(Breadcrumb breadcrumb, SentryHint hint)
    {
        if (_options.BeforeBreadcrumb is { } beforeBreadcrumb)
        {
            if (beforeBreadcrumb(breadcrumb, hint) is not { } changed)
            {
                return;
            }

            breadcrumb = changed;
        }

        lock (_lock)
        {
            _breadcrumbs.Enqueue(breadcrumb);
            while (_breadcrumbs.Count > _options.MaxBreadcrumbs)
            {
                _breadcrumbs.Dequeue();
            }
        }
    }

    public void ClearBreadcrumbs()
    {
        lock (_lock)
        {
            _breadcrumbs.Clear();
        }
    }

    public void SetTag(string key, string value)
    {
        lock (_lock)
        {
            _tags = new Dictionary<string, string>(_tags) { [key] = value };
        }
    }

    public void UnsetTag(string key)
    {
        lock (_lock)
        {
            var tags = new Dictionary<string, string>(_tags);
            tags.Remove(key);
            _tags = tags;
        }
    }

    public void SetExtra(string key, object? value)
    {
        lock (_lock)
        {
            _extra = new Dictionary<string, object?>(_extra) { [key] = value };
        }
    }

    public void AddEventProcessor(ISentryEventProcessor processor)
    {
        lock (_lock)
        {
            _processors = [.. _processors, processor];
        }
    }

    public void AddEventProcessor(Func<SentryEvent, SentryEvent?> processor) => AddEventProcessor(new DelegateEventProcessor(processor));

    public void Clear()
    {
        lock (_lock)
        {
            Level = null;
            Request = new();
            Contexts = [];
            User = new();
            Release = Distribution = Environment = TransactionName = null;
            Fingerprint = [];
            _breadcrumbs.Clear();
            _tags = [];
            _extra = [];
            _processors = [];
        }
    }

    /// <summary>Adds to <paramref name="other"/> what it does not have.</summary>
    public void Apply(IEventLike other)
    {
        foreach (var breadcrumb in Breadcrumbs)
        {
            other.AddBreadcrumb(breadcrumb);
        }

        foreach (var (key, value) in _tags.Where(tag => !other.Tags.ContainsKey(tag.Key)))
        {
            other.SetTag(key, value);
        }

        foreach (var (key, value) in _extra.Where(extra => !other.Extra.ContainsKey(extra.Key)))
        {
            other.SetExtra(key, value);
        }

        other.Fingerprint = other.Fingerprint.Count > 0 ? other.Fingerprint : Fingerprint;
        Contexts.CopyMissingTo(other.Contexts);
        other.Request = other.Request.IsEmpty ? Request.Clone() : other.Request;
        other.User = other.User.IsEmpty ? User.Clone() : other.User;
        other.Release ??= Release;
        other.Distribution ??= Distribution;
        other.Environment ??= Environment;
        other.TransactionName ??= TransactionName;
        // The scope's level wins: that is how one flow of control makes its events louder or quieter.
        other.Level = Level ?? other.Level;
    }

    public void Apply(Scope other) => Apply((IEventLike)other);

    /// <summary>Key-value pairs, as in a logging scope, become tags; anything else becomes the extra "state".</summary>
    public void Apply(object state)
    {
        switch (state)
        {
            case IEnumerable<KeyValuePair<string, string>> pairs:
                AddTags(pairs.Select(pair => KeyValuePair.Create(pair.Key, (object?)pair.Value)));
                break;
            case IEnumerable<KeyValuePair<string, object?>> pairs:
                AddTags(pairs);
                break;
            default:
                SetExtra("state", state);
                break;
        }
    }

    public Scope Clone()
    {
        lock (_lock)
        {
            var clone = new Scope(_options, _breadcrumbs)
            {
                Level = Level,
                Request = Request.IsEmpty ? new() : Request.Clone(),
                User = User.IsEmpty ? new() : User.Clone(),
                Release = Release,
                Distribution = Distribution,
                Environment = Environment,
                TransactionName = TransactionName,
                Fingerprint = Fingerprint,
                LastEventId = LastEventId,
                Propagation = Propagation,
                Enrich = Enrich,
                _tags = _tags,
                _extra = _extra,
                _processors = _processors,
            };
            Contexts.CopyMissingTo(clone.Contexts);
            return clone;
        }
    }

    private void AddTags(IEnumerable<KeyValuePair<string, object?>> pairs)
    {
        lock (_lock)
        {
            var tags = new Dictionary<string, string>(_tags);
            foreach (var (key, value) in pairs)
            {
                if (key != "{OriginalFormat}" && value?.ToString() is { Length: > 0 } text)
                {
                    tags[key] = Text.Shorten(text)!;
                }
            }

            _tags = tags;
        }
    }
}
