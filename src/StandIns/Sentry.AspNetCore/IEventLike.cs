namespace Sentry;

/// <summary>Has searchable key-value pairs.</summary>
public interface IHasTags
{
    IReadOnlyDictionary<string, string> Tags { get; }

    void SetTag(string key, string value);

    void UnsetTag(string key);
}

/// <summary>Has free data.</summary>
public interface IHasExtra
{
    IReadOnlyDictionary<string, object?> Extra { get; }

    void SetExtra(string key, object? value);
}

/// <summary>What a scope and an event have in common.</summary>
public interface IEventLike : IHasTags, IHasExtra
{
    SentryLevel? Level { get; set; }

    SentryRequest Request { get; set; }

    SentryContexts Contexts { get; set; }

    SentryUser User { get; set; }

    string? Release { get; set; }

    string? Distribution { get; set; }

    string? Environment { get; set; }

    string? TransactionName { get; set; }

    SdkVersion Sdk { get; }

    IReadOnlyList<string> Fingerprint { get; set; }

    IReadOnlyCollection<Breadcrumb> Breadcrumbs { get; }

    void AddBreadcrumb(Breadcrumb breadcrumb);
}

public static class EventLikeExtensions
{
    public static bool HasUser(this IEventLike eventLike) => !eventLike.User.IsEmpty;

    public static void SetFingerprint(this IEventLike eventLike, IEnumerable<string> fingerprint) =>
        eventLike.Fingerprint = [.. fingerprint];

    public static void SetFingerprint(this IEventLike eventLike, params string[] fingerprint) =>
        eventLike.Fingerprint = [.. fingerprint];

    public static void AddBreadcrumb(
        this IEventLike eventLike,
        string message,
        string? category = null,
        string? type = null,
        IReadOnlyDictionary<string, string>? data = null,
        BreadcrumbLevel level = default) =>
        eventLike.AddBreadcrumb(new Breadcrumb(DateTimeOffset.UtcNow, message, type, data, category, level));
}

public static class HasTagsExtensions
{
    public static void SetTags(this IHasTags hasTags, IEnumerable<KeyValuePair<string, string>> tags)
    {
        foreach (var (key, value) in tags)
        {
            hasTags.SetTag(key, value);
        }
    }
}

public static class HasExtraExtensions
{
    public static void SetExtras(this IHasExtra hasExtra, IEnumerable<KeyValuePair<string, object?>> values)
    {
        foreach (var (key, value) in values)
        {
            hasExtra.SetExtra(key, value);
        }
    }
}
