using System.Diagnostics;

namespace Platform.ServiceDefaults;

/// <summary>
/// What ties the signals of one request, or of one run of a job, together. Carried as W3C baggage inside the platform, and copied to
/// every span and log record. Telemetry only: nothing is ever authorised by these values.
/// </summary>
public static class Correlation
{
    public const string RequestId = "request.id";
    public const string UserId = "user.id";
    public const string TenantId = "tenant.id";
    public const string JobName = "job.name";

    public static readonly IReadOnlyList<string> Names = [RequestId, UserId, TenantId, JobName];

    /// <summary>Sets a value on the current span, and as baggage for everything that the request causes from here on.</summary>
    public static void Set(Activity? activity, string name, string value)
    {
        activity?.SetTag(name, value);
        activity?.SetBaggage(name, value);
    }

    /// <summary>Copies the values that a span carries as baggage to the attributes of another, or of its own.</summary>
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
