using System.Diagnostics;

namespace Platform.ServiceDefaults.Telemetry;

public static class ActivityFailure
{
    /// <summary>Marks a span as failed by an exception, as the semantic conventions say: event, error.type and status.</summary>
    public static Activity? Fail(this Activity? activity, Exception exception) =>
        activity?.AddException(exception).SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error);
}
