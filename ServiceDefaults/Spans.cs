using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using Platform.Redaction;

namespace Platform.ServiceDefaults;

/// <summary>Whose spans are recorded.</summary>
internal static class TelemetrySources
{
    public const string Own = "Platform.";

    private static readonly string[] Others = ["Microsoft.AspNetCore", "System.Net.Http", "Npgsql"];

    public static bool Contains(string name) => Others.Contains(name) || name.StartsWith(Own, StringComparison.Ordinal);
}

/// <summary>
/// Copies request, user, tenant and job from baggage to each span, so that any span can be found by them; names the resource that was
/// called; redacts on the way out.
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
            // AddTag takes a name twice, and SetTag changes the first of them only.
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
/// The resources that this service was given the addresses of, by host and port: a call of localhost:5601 is one of "acquirer". Without it
/// all neighbours on one machine are one.
/// </summary>
internal sealed class PeerNames
{
    // Bounded by the configuration.
    private readonly Dictionary<(string Host, int Port), string> _names = [];

    /// <summary>Reads services:{name}:{endpoint}:{index}, as Aspire hands addresses over.</summary>
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

    /// <summary>Null for a span that is no call of such a resource.</summary>
    public string? Of(Activity activity) =>
        activity.Kind == ActivityKind.Client
        && activity.GetTagItem("server.address") is string host
        && activity.GetTagItem("server.port") is int port
            ? _names.GetValueOrDefault((host, port))
            : null;
}

/// <summary>What ASP.NET Core's instrumentation leaves out of a server span, and what it says that nobody should read.</summary>
internal static class ServerSpans
{
    public static void Configure(AspNetCoreTraceInstrumentationOptions options) =>
        options.EnrichWithHttpResponse = (activity, response) =>
        {
            var context = response.HttpContext;
            var failure = context.Features.Get<IExceptionHandlerFeature>();

            // The exception handler takes the endpoint away before it answers, and with it the route.
            if (activity.GetTagItem("http.route") is null && (failure?.Endpoint as RouteEndpoint)?.RoutePattern.RawText is { } route)
            {
                activity.SetTag("http.route", route);
                activity.DisplayName = $"{activity.GetTagItem("http.request.method")} {route}";
            }

            // A path that no route knows, a query and an unknown method are free text of a stranger; what a route matched has the route's
            // shape.
            if (activity.GetTagItem("http.route") is null)
            {
                activity.SetTag("url.path", null);
            }

            activity.SetTag("url.query", null);
            activity.SetTag("http.request.method_original", null);

            // The instrumentation records exceptions that nobody handled; ours are always handled, and a refusal is no error of ours.
            if (failure is not null && response.StatusCode >= StatusCodes.Status500InternalServerError)
            {
                activity.Fail(failure.Error);
            }
        };
}

/// <summary>
/// Redacts what an exception says before it is recorded in a span, whoever records it: Npgsql and HttpClient do so by themselves, and an
/// event of a span cannot be changed afterwards.
/// </summary>
internal static class ExceptionTexts
{
    /// <summary>Samples nothing: it only has a say where a span is recorded anyway.</summary>
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
    /// <summary>Marks a span as failed by an exception, as the semantic conventions say: event, error.type and status.</summary>
    public static Activity? Fail(this Activity? activity, Exception exception) =>
        activity?.AddException(exception).SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error);
}
