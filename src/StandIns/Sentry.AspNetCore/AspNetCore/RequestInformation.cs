using System.Security.Claims;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Sentry.AspNetCore;

/// <summary>
/// What an event says about its request. Taken from the HttpContext while the request runs; a task that outlives the request
/// keeps the method, the URL and the route, because the server gives the context to the next request.
/// </summary>
internal sealed class RequestInformation(HttpContext context, bool sendPii)
{
    private const string Filtered = "[Filtered]";

    private static readonly HashSet<string> HarmlessHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Accept, HeaderNames.AcceptEncoding, HeaderNames.AcceptLanguage, HeaderNames.Connection, HeaderNames.ContentLength,
        HeaderNames.ContentType, HeaderNames.Host, HeaderNames.TraceParent, HeaderNames.UserAgent,
    };

    private readonly Lock _lock = new();

    // Taken before an exception handler rewrites the path; made into a URL only for an event.
    private readonly string _method = context.Request.Method;
    private readonly string _scheme = context.Request.Scheme;
    private readonly HostString _host = context.Request.Host;
    private readonly PathString _path = context.Request.PathBase + context.Request.Path;
    private readonly string _identifier = context.TraceIdentifier;
    private HttpContext? _context = context;
    private Endpoint? _endpoint;

    public void Complete()
    {
        lock (_lock)
        {
            _endpoint = EndpointOf(_context!);
            _context = null;
        }
    }

    public void Apply(SentryEvent evt)
    {
        lock (_lock)
        {
            evt.Request.Method ??= _method;
            evt.Request.Url ??= $"{_scheme}://{_host}{_path}";
            if (!evt.Tags.ContainsKey("TraceIdentifier"))
            {
                evt.SetTag("TraceIdentifier", _identifier);
            }

            if (evt.TransactionName is null && (_context is null ? _endpoint : EndpointOf(_context)) is RouteEndpoint { RoutePattern.RawText: { } route })
            {
                evt.TransactionName = $"{_method} /{route.TrimStart('/')}";
            }

            if (_context is not null)
            {
                AddHeaders(evt, _context);
                if (sendPii)
                {
                    AddPersonal(evt, _context);
                }
            }
        }
    }

    private void AddHeaders(SentryEvent evt, HttpContext current)
    {
        foreach (var (name, value) in current.Request.Headers)
        {
            if (name.Equals(HeaderNames.Authorization, StringComparison.OrdinalIgnoreCase)
                || name.Equals(HeaderNames.ProxyAuthorization, StringComparison.OrdinalIgnoreCase))
            {
                evt.Request.Headers[name] = Filtered;
            }
            else if (sendPii || HarmlessHeaders.Contains(name))
            {
                evt.Request.Headers[name] = value.ToString();
            }
        }
    }

    private static void AddPersonal(SentryEvent evt, HttpContext current)
    {
        evt.Request.QueryString ??= current.Request.QueryString.Value;
        evt.Request.Cookies ??= current.Request.Headers.Cookie.Count > 0 ? current.Request.Headers.Cookie.ToString() : null;
        if (current.Connection.RemoteIpAddress?.ToString() is { } address)
        {
            evt.Request.Env["REMOTE_ADDR"] = address;
            evt.User.IpAddress ??= address;
        }

        evt.User.Id ??= current.User.FindFirstValue(ClaimTypes.NameIdentifier);
        evt.User.Username ??= current.User.Identity?.Name;
        evt.User.Email ??= current.User.FindFirstValue(ClaimTypes.Email);
    }

    // An exception handler clears the endpoint and keeps it here.
    private static Endpoint? EndpointOf(HttpContext current) =>
        current.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? current.GetEndpoint();
}
