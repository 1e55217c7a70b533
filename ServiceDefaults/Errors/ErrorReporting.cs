using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Platform.ServiceDefaults.Logging;
using Platform.ServiceDefaults.Telemetry;
using Sentry;

namespace Platform.ServiceDefaults.Errors;

/// <summary>
/// Errors go to Sentry's protocol: to Observatory, or to whatever SENTRY_DSN names. One failure is one event, made in the service where it
/// happened: callers of a failing service report nothing, retries are warnings, refused input is nobody's error.
/// </summary>
internal static class ErrorReporting
{
    /// <summary>Any number will do for Observatory, which keeps one project.</summary>
    private const int Project = 1;

    public static void AddErrorReporting(this WebApplicationBuilder builder, ServiceIdentity identity) => builder.WebHost.UseSentry(options =>
    {
        options.Dsn = DsnOf(builder.Configuration);
        options.Release = identity.Release;
        options.Environment = identity.Environment;
        options.SendDefaultPii = false;
        options.AutoSessionTracking = false;

        // Events that wait to be sent, each of a few KB. A burst, such as all payments of a minute expiring at once, is more than the default of 30.
        options.MaxQueueItems = 256;

        // A downstream 5xx is the event of the service that answered it.
        options.CaptureFailedRequests = false;

        // It would add Sentry's own trace headers to what goes to other companies; traceparent is the framework's business.
        options.DisableSentryHttpMessageHandler = true;
        options.MinimumBreadcrumbLevel = LogLevel.Information;
        options.MinimumEventLevel = LogLevel.Error;

        // contexts.trace is the OpenTelemetry span, so that an issue leads to its trace.
        options.UseOtlp();
        options.AddExceptionFilterForType<OperationCanceledException>();
        options.AddExceptionFilterForType<BadHttpRequestException>();
        options.SetBeforeBreadcrumb((breadcrumb, _) => new Breadcrumb(
            Scrubber.Scrub(breadcrumb.Message ?? ""), breadcrumb.Type ?? "", breadcrumb.Data?.ToDictionary(item => item.Key, item => Scrubber.Scrub(item.Value)), breadcrumb.Category, breadcrumb.Level));
        options.SetBeforeSend((report, _) => Complete(report, identity));
    });

    private static string DsnOf(ConfigurationManager configuration)
    {
        if (configuration["SENTRY_DSN"] is { Length: > 0 } dsn)
        {
            return dsn;
        }

        // Empty switches reporting off, which is what a service without the AppHost wants.
        return Uri.TryCreate(configuration["services:observatory:http:0"], UriKind.Absolute, out var observatory)
            && configuration["Observatory:SentryKey"] is { Length: > 0 } key
            ? $"{observatory.Scheme}://{key}@{observatory.Authority}/{Project}"
            : "";
    }

    /// <summary>Who and where, under the names that every signal uses; runs on the thread that reports, so the current span is the failure's.</summary>
    private static SentryEvent? Complete(SentryEvent report, ServiceIdentity identity)
    {
        // The request line tells a caller's 5xx a second time.
        if (report.Logger == typeof(RequestLog).FullName)
        {
            return null;
        }

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

        // Values of a caller that nothing has checked. Method and path stay: what a route matched has the route's shape.
        report.Request.QueryString = null;
        report.Request.Cookies = null;
        report.Request.Headers.Clear();
        report.TransactionName ??= Activity.Current?.DisplayName;
        foreach (var exception in report.SentryExceptions ?? [])
        {
            exception.Value = exception.Value is null ? null : Scrubber.Scrub(exception.Value);
        }

        if (report.Message is { } message)
        {
            report.Message = new SentryMessage
            {
                Message = message.Message is null ? null : Scrubber.Scrub(message.Message),
                Formatted = message.Formatted is null ? null : Scrubber.Scrub(message.Formatted),
            };
        }

        return report;
    }
}
