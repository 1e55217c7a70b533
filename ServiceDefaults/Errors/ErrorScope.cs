using System.Diagnostics;

namespace Platform.ServiceDefaults.Errors;

/// <summary>
/// What is noted while one piece of background work is done - breadcrumbs, tags - belongs to its errors only. Requests have a scope of
/// their own from the Sentry middleware; a message or a due row needs this one.
/// </summary>
public static class ErrorScope
{
    public static IDisposable Begin() => SentrySdk.PushScope();

    /// <summary>What is reported from here on in this scope, check-ins included, names this span's trace.</summary>
    public static void Follow(Activity? activity)
    {
        if (activity is not null)
        {
            SentrySdk.ContinueTrace(
                new SentryTraceHeader(
                    SentryId.Parse(activity.TraceId.ToHexString()),
                    new SpanId(activity.SpanId.ToHexString()),
                    activity.Recorded
                ),
                baggageHeader: null
            );
        }
    }
}
