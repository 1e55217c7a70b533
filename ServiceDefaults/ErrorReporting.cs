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
/// Reports errors by Sentry's protocol, to Observatory or to SENTRY_DSN. One failure is one event, in the service where it happened:
/// callers of a failing service report nothing, retries are warnings, rejected input is not an error.
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
            // An empty DSN disables reporting, as wanted without the AppHost.
            options.Dsn = builder.Configuration["SENTRY_DSN"] ?? "";
            options.Release = identity.Release;
            options.Environment = identity.Environment;
            options.SendDefaultPii = false;
            options.AutoSessionTracking = false;

            // Events queued for sending, a few KB each. A burst, such as all payments of a minute expiring at once, exceeds the default of
            // 30.
            options.MaxQueueItems = 256;

            // A downstream 5xx is reported by the service that returned it.
            options.CaptureFailedRequests = false;

            // Sentry would send its trace headers to other companies and replace our baggage header. The framework propagates traceparent.
            options.DisableSentryHttpMessageHandler = true;

            // Raw names (PlaceOrder+<InsertAsync>d__5.MoveNext), which Sentry and Observatory parse: enhanced ones hold whole signatures,
            // so a new parameter would make a new issue. The list of assemblies belongs to the release, not to the failure.
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

    /// <summary>Whether a request sends an error report, which makes no span.</summary>
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
    /// Adds correlation under the names all signals use. Runs on the reporting thread, so the current span is that of the failure.
    /// </summary>
    internal static SentryEvent? Complete(SentryEvent report, ServiceIdentity identity)
    {
        // The request line would report a 5xx twice.
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

        // Without a user the SDK sends an installation id, which would count as an affected user.
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

        // Kestrel's connection and request ids; ours is request_id.
        report.UnsetTag("ConnectionId");
        report.UnsetTag("RequestId");

        // Unvalidated input. Method and path stay: a path that matched a route has the route's shape.
        report.Request.QueryString = null;
        report.Request.Cookies = null;
        report.Request.Headers.Clear();
        report.TransactionName ??= Activity.Current?.DisplayName;
        foreach (var exception in report.SentryExceptions ?? [])
        {
            exception.Value = exception.Value is null ? null : Redactor.Redact(exception.Value);

            // Exception.Data: Npgsql repeats the message there.
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

    // Placeholders of a log statement become tags, and reporters add their own.
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

        // The SDK's contexts describe machine and trace. Others are maps with any content.
        foreach (var (name, value) in report.Contexts.Where(context => context.Value is not ISentryJsonSerializable).ToList())
        {
            var clean = Redactor.Redact(name, value);
            report.Contexts[name] = clean as Dictionary<string, object?> ?? new Dictionary<string, object?> { ["value"] = clean };
        }
    }

    /// <summary>A disconnect or shutdown is no error. A timeout, which looks alike, is one.</summary>
    private sealed class CancellationFilter : Sentry.Extensibility.IExceptionFilter
    {
        public bool Filter(Exception ex) => ex is OperationCanceledException { InnerException: not TimeoutException };
    }
}

/// <summary>
/// Confines breadcrumbs and tags to one piece of background work. The Sentry middleware does so for requests; a message or a due row needs
/// this scope.
/// </summary>
public static class ErrorScope
{
    public static IDisposable Begin() => SentrySdk.PushScope();

    /// <summary>Links everything reported in this scope from here on, check-ins included, to the span's trace.</summary>
    public static void ContinueTrace(Activity? activity)
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
