namespace Sentry;

public static class SentryClientExtensions
{
    public static SentryId CaptureException(this ISentryClient client, Exception ex) =>
        client.IsEnabled ? client.CaptureEvent(new SentryEvent(ex)) : SentryId.Empty;

    public static SentryId CaptureException(this ISentryClient client, Exception ex, bool handled, bool terminal = false)
    {
        ex.SetSentryMechanism("generic", null, handled, terminal);
        return client.CaptureException(ex);
    }

    public static SentryId CaptureMessage(this ISentryClient client, string message, SentryLevel level = SentryLevel.Info) =>
        client.IsEnabled && !string.IsNullOrWhiteSpace(message)
            ? client.CaptureEvent(new SentryEvent { Message = message, Level = level })
            : SentryId.Empty;

    public static void Flush(this ISentryClient client) => client.FlushAsync().GetAwaiter().GetResult();

    public static void Flush(this ISentryClient client, TimeSpan timeout) => client.FlushAsync(timeout).GetAwaiter().GetResult();

    public static Task FlushAsync(this ISentryClient client) =>
        client.FlushAsync(client is Hub hub ? hub.Options.FlushTimeout : new SentryOptions().FlushTimeout);
}

public static class HubExtensions
{
    public static SentryId CaptureException(this IHub hub, Exception ex, Action<Scope> configureScope) =>
        hub.IsEnabled ? hub.CaptureEvent(new SentryEvent(ex), configureScope) : SentryId.Empty;

    public static SentryId CaptureMessage(
        this IHub hub, string message, Action<Scope> configureScope, SentryLevel level = SentryLevel.Info) =>
        hub.IsEnabled && !string.IsNullOrWhiteSpace(message)
            ? hub.CaptureEvent(new SentryEvent { Message = message, Level = level }, configureScope)
            : SentryId.Empty;

    public static void AddBreadcrumb(
        this IHub hub,
        string message,
        string? category = null,
        string? type = null,
        IDictionary<string, string>? data = null,
        BreadcrumbLevel level = default) =>
        hub.AddBreadcrumb(new Breadcrumb(
            DateTimeOffset.UtcNow, message, type, data is null ? null : new Dictionary<string, string>(data), category, level));

    public static void AddBreadcrumb(this IHub hub, Breadcrumb breadcrumb, SentryHint? hint = null) =>
        hub.ConfigureScope(scope => scope.AddBreadcrumb(breadcrumb, hint ?? new SentryHint()));
}
