namespace Sentry;

public static class SentryOptionsExtensions
{
    /// <summary>Events carry the trace and span id of <see cref="System.Diagnostics.Activity.Current"/>; adds no exporter and no propagator.</summary>
    public static void UseOtlp(this SentryOptions options) => options.TraceFromActivity = true;
}
