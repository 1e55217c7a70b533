using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Redaction;
using Sentry.Extensions.Logging;

namespace Platform.ServiceDefaults;

/// <summary>
/// Errors go to Sentry's protocol: to Observatory, or to whatever SENTRY_DSN names. One failure is one event, made in the service where it
/// happened: callers of a failing service report nothing, retries are warnings, refused input is nobody's error.
/// </summary>
internal static class ErrorReporting
{
    public static void AddErrorReporting(this IHostApplicationBuilder builder)
    {
        var identity = ServiceIdentity.AddTo(builder);
        if (builder is WebApplicationBuilder web)
        {
            // Sentry's own tracing: a sampling decision for each request.
            web.WebHost.UseSentry(options =>
            {
                options.AutoRegisterTracing = false;
                Configure(options);
            });
        }
        else
        {
            builder.Logging.AddSentry(Configure);
        }

        void Configure(SentryLoggingOptions options)
        {
            // Empty switches reporting off, which is what a service without the AppHost wants.
            options.Dsn = builder.Configuration["SENTRY_DSN"] ?? "";
            options.Release = identity.Release;
            options.Environment = identity.Environment;
            options.SendDefaultPii = false;
            options.AutoSessionTracking = false;

            // Events that wait to be sent, each of a few KB. A burst, such as all payments of a minute expiring at once, is more than the
            // default of 30.
            options.MaxQueueItems = 256;

            // A downstream 5xx is the event of the service that answered it.
            options.CaptureFailedRequests = false;

            // Trace headers to other companies, and a baggage header in place of ours. traceparent is the framework's business.
            options.DisableSentryHttpMessageHandler = true;

            // Names as the runtime has them (PlaceOrder+<InsertAsync>d__5.MoveNext), which Sentry and Observatory read: enhanced ones
            // hold whole signatures, and a new parameter would make a new issue. The list of assemblies is the release's, not the
            // failure's.
            options.StackTraceMode = StackTraceMode.Original;
            options.ReportAssembliesMode = ReportAssembliesMode.None;
            options.MinimumBreadcrumbLevel = LogLevel.Information;
            options.MinimumEventLevel = LogLevel.Error;
            options.AddLogEntryFilter((category, level, _, _) => !LogRules.IsHeard(category, level));

            options.AddExceptionFilter(new CancellationFilter());
            options.AddExceptionFilterForType<BadHttpRequestException>();
            options.SetBeforeBreadcrumb((breadcrumb, _) => Scrub(breadcrumb));
            options.SetBeforeSend((report, _) => Complete(report, identity));
        }
    }

    /// <summary>Whether a request carries a report: sending one is nobody's work, and makes no span.</summary>
    public static bool IsReport(HttpRequestMessage request) => request.Headers.Contains("X-Sentry-Auth");

    private static Breadcrumb Scrub(Breadcrumb breadcrumb) =>
        new(
            Redactor.Redact(breadcrumb.Message ?? ""),
            breadcrumb.Type ?? "",
            breadcrumb.Data?.ToDictionary(item => item.Key, item => (string)Redactor.Redact(item.Key, item.Value)!),
            breadcrumb.Category,
            breadcrumb.Level
        );

    /// <summary>
    /// Who and where, under the names that every signal uses; runs on the thread that reports, so the current span is the failure's.
    /// </summary>
    internal static SentryEvent? Complete(SentryEvent report, ServiceIdentity identity)
    {
        // The request line tells a caller's 5xx a second time.
        if (report.Logger == typeof(RequestLog).FullName)
        {
            return null;
        }

        // contexts.trace is the OpenTelemetry span, so that an issue leads to its trace. (Sentry.OpenTelemetry does the same, with tracing
        // of its own.)
        if (Activity.Current is { } activity)
        {
            report.Contexts.Trace.TraceId = SentryId.Parse(activity.TraceId.ToHexString());
            report.Contexts.Trace.SpanId = new SpanId(activity.SpanId.ToHexString());
            report.Contexts.Trace.ParentSpanId = activity.ParentSpanId == default ? null : new SpanId(activity.ParentSpanId.ToHexString());
        }

        // Without a user the SDK names the machine: an installation's id would be counted as somebody affected.
        report.User = new SentryUser();
        report.SetTag("service", identity.Service);
        report.SetTag("region", identity.Region);
        foreach (var name in Correlation.Names)
        {
            if (Activity.Current?.GetBaggageItem(name) is not { } value)
            {
                continue;
            }

            if (name == Correlation.UserId)
            {
                report.User = new SentryUser { Id = value };
            }
            else
            {
                report.SetTag(name.Replace('.', '_'), value);
            }
        }

        // The connection's ids of the web server; ours is request_id.
        report.UnsetTag("ConnectionId");
        report.UnsetTag("RequestId");

        // Values of a caller that nothing has checked. Method and path stay: what a route matched has the route's shape.
        report.Request.QueryString = null;
        report.Request.Cookies = null;
        report.Request.Headers.Clear();
        report.TransactionName ??= Activity.Current?.DisplayName;
        foreach (var exception in report.SentryExceptions ?? [])
        {
            exception.Value = exception.Value is null ? null : Redactor.Redact(exception.Value);

            // Exception.Data, where Npgsql has the message once more.
            foreach (var (name, value) in exception.Mechanism?.Data.ToList() ?? [])
            {
                exception.Mechanism!.Data[name] = Redactor.Redact(name, value)!;
            }
        }

        ScrubNamed(report);

        if (report.Message is { } message)
        {
            report.Message = new SentryMessage
            {
                Message = message.Message is null ? null : Redactor.Redact(message.Message),
                Formatted = message.Formatted is null ? null : Redactor.Redact(message.Formatted),
            };
        }

        return report;
    }

    // The values of a log statement are tags, and whoever reports adds what helps.
    private static void ScrubNamed(SentryEvent report)
    {
        foreach (var (name, value) in report.Tags.ToList())
        {
            report.SetTag(name, (string)Redactor.Redact(name, value)!);
        }

        foreach (var (name, value) in report.Extra.ToList())
        {
            report.SetExtra(name, Redactor.Redact(name, value));
        }

        // Those of the SDK describe the machine and the trace. A context is a map, whatever was given.
        foreach (var (name, value) in report.Contexts.Where(context => context.Value is not ISentryJsonSerializable).ToList())
        {
            var clean = Redactor.Redact(name, value);
            report.Contexts[name] = clean as Dictionary<string, object?> ?? new Dictionary<string, object?> { ["value"] = clean };
        }
    }

    /// <summary>Somebody hung up, or the service stops: no error. A time-out, which looks alike, is one.</summary>
    private sealed class CancellationFilter : Sentry.Extensibility.IExceptionFilter
    {
        public bool Filter(Exception ex) => ex is OperationCanceledException { InnerException: not TimeoutException };
    }
}

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
