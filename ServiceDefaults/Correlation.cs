using System.Diagnostics;

namespace Platform.ServiceDefaults;

/// <summary>
/// Correlates the signals of one request or job run. Travels as W3C baggage inside the platform and is copied to every span and log record.
/// Telemetry only: never used for authorisation.
/// </summary>
public static class Correlation
{
    public const string RequestId = "request.id";
    public const string UserId = "user.id";
    public const string TenantId = "tenant.id";
    public const string JobName = "job.name";

    public static readonly IReadOnlyList<string> Names = [RequestId, UserId, TenantId, JobName];

    /// <summary>Sets a value on the current span, and as baggage for everything the request causes from here on.</summary>
    public static void Set(Activity? activity, string name, string value)
    {
        activity?.SetTag(name, value);
        activity?.SetBaggage(name, value);
    }

    /// <summary>Copies correlation values from the baggage of one span to the attributes of another, or of itself.</summary>
    public static void Copy(Activity? from, Activity to)
    {
        foreach (var name in Names)
        {
            if (from?.GetBaggageItem(name) is { } value)
            {
                to.SetTag(name, value);
            }
        }
    }
}
