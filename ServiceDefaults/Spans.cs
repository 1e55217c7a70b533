using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using Platform.Redaction;

namespace Platform.ServiceDefaults;

/// <summary>Sources whose spans are recorded.</summary>
internal static class TelemetrySources
{
    public const string Own = "Platform.";

    private static readonly string[] Others = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql"];

    public static bool Contains(string name) => Others.Contains(name) || name.StartsWith(Own, StringComparison.Ordinal);
}

/// <summary>
/// Copies request, user, tenant and job from baggage to each span so that all are searchable by them, names the called resource, and
/// redacts.
/// </summary>
internal sealed class SpanProcessor(PeerNames peers) : BaseProcessor<Activity>
{
    public override void OnStart(Activity data) => Correlation.Copy(data, data);

    public override void OnEnd(Activity data)
    {
        if (peers.Of(data) is { } peer)
        {
            data.SetTag("peer.service", peer);
        }

        List<KeyValuePair<string, object?>>? redacted = null;
        foreach (ref readonly var tag in data.EnumerateTagObjects())
        {
            if (Redactor.Redact(tag.Key, tag.Value) is var clean && !ReferenceEquals(clean, tag.Value))
            {
                (redacted ??= []).Add(new(tag.Key, clean));
            }
        }

        foreach (var (key, value) in redacted ?? [])
        {
            // AddTag allows duplicate names, and SetTag changes only the first.
            while (data.GetTagItem(key) is not null)
            {
                data.SetTag(key, null);
            }

            data.SetTag(key, value);
        }

        if (data.StatusDescription is { } description)
        {
            data.SetStatus(data.Status, Redactor.Redact(description));
        }
    }
}

/// <summary>
/// Maps configured addresses to resource names, by host and port: localhost:5601 is "acquirer". Without it all peers on one machine look
/// the same.
/// </summary>
internal sealed class PeerNames
{
    // Bounded by configuration.
    private readonly Dictionary<(string Host, int Port), string> _names = [];

    /// <summary>Reads services:{name}:{endpoint}:{index}, as Aspire passes addresses.</summary>
    public static PeerNames From(IConfiguration configuration)
    {
        var peers = new PeerNames();
        foreach (var service in configuration.GetSection("services").GetChildren())
        {
            foreach (var address in service.GetChildren().SelectMany(endpoint => endpoint.GetChildren()))
            {
                if (Uri.TryCreate(address.Value, UriKind.Absolute, out var uri))
                {
                    peers._names.TryAdd((uri.Host, uri.Port), service.Key);
                }
            }
        }

        return peers;
    }

    /// <summary>Null when the span is not a call to a known resource.</summary>
    public string? Of(Activity activity) =>
        activity.Kind == ActivityKind.Client
        && activity.GetTagItem("server.address") is string host
        && activity.GetTagItem("server.port") is int port
            ? _names.GetValueOrDefault((host, port))
            : null;
}

/// <summary>Completes what ASP.NET Core's instrumentation omits from a server span, and removes what should not be recorded.</summary>
internal static class ServerSpans
{
    public static void Configure(AspNetCoreTraceInstrumentationOptions options) =>
        options.EnrichWithHttpResponse = (activity, response) =>
        {
            var context = response.HttpContext;
            var failure = context.Features.Get<IExceptionHandlerFeature>();

            // The exception handler clears the endpoint, and with it the route.
            if (activity.GetTagItem("http.route") is null && (failure?.Endpoint as RouteEndpoint)?.RoutePattern.RawText is { } route)
            {
                activity.SetTag("http.route", route);
                activity.DisplayName = $"{activity.GetTagItem("http.request.method")} {route}";
            }

            // An unmatched path, a query and an unknown method are free text from a stranger; a matched path has the route's shape.
            if (activity.GetTagItem("http.route") is null)
            {
                activity.SetTag("url.path", null);
            }

            activity.SetTag("url.query", null);
            activity.SetTag("http.request.method_original", null);

            // The instrumentation records unhandled exceptions only; ours are always handled, and a rejected request is not our error.
            if (failure is not null && response.StatusCode >= StatusCodes.Status500InternalServerError)
            {
                activity.Fail(failure.Error);
            }
        };
}

/// <summary>
/// Redacts exception text before it is recorded in a span by anyone: Npgsql and HttpClient record exceptions themselves, and span events
/// cannot be changed later.
/// </summary>
internal static class ExceptionTexts
{
    /// <summary>Samples nothing itself: it only sees spans that are recorded anyway.</summary>
    public static ActivityListener Redact(Func<string, bool> isOurs)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => isOurs(source.Name),
            ExceptionRecorder = (Activity _, Exception exception, ref TagList tags) =>
            {
                tags.Add("exception.message", Redactor.Redact(exception.Message));
                tags.Add("exception.stacktrace", Redactor.Redact(exception.ToString()));
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}

public static class ActivityFailure
{
    /// <summary>Marks a span as failed, as in the semantic conventions: event, error.type and status.</summary>
    public static Activity? Fail(this Activity? activity, Exception exception) =>
        activity?.AddException(exception).SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error);
}
