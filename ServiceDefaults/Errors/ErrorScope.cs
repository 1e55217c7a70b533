using Sentry;

namespace Platform.ServiceDefaults.Errors;

/// <summary>
/// What is noted while one piece of background work is done - breadcrumbs, tags - belongs to its errors only. Requests have a scope of
/// their own from the Sentry middleware; a message or a due row needs this one.
/// </summary>
public static class ErrorScope
{
    public static IDisposable Begin() => SentrySdk.PushScope();
}
