using System.Globalization;
using Microsoft.Extensions.Http;

namespace Sentry.AspNetCore;

/// <summary>
/// A breadcrumb for each request of an IHttpClientFactory client, and an event for each failed one. No header is added:
/// this stand-in has no transactions that a callee could continue.
/// </summary>
internal sealed class OutgoingRequests(Hub hub) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        if (!hub.Options.DisableSentryHttpMessageHandler)
        {
            builder.AdditionalHandlers.Add(new Handler(hub));
        }
    };

    private sealed class Handler(Hub hub) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (!hub.IsEnabled)
            {
                return response;
            }

            // Without query and user: both may be personal.
            var url = request.RequestUri?.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
            var status = (int)response.StatusCode;
            hub.AddBreadcrumb(
                string.Empty,
                category: "http",
                type: "http",
                data: new Dictionary<string, string>
                {
                    ["url"] = url ?? string.Empty,
                    ["method"] = request.Method.Method,
                    ["status_code"] = status.ToString(CultureInfo.InvariantCulture),
                });
            if (hub.Options.CaptureFailedRequests && status is >= 500 and <= 599)
            {
                var exception = new HttpRequestException($"HTTP Client Error with status code: {status}", null, response.StatusCode);
                exception.SetSentryMechanism("SentryHttpFailedRequestHandler");
                hub.CaptureEvent(new SentryEvent(exception)
                {
                    Request = new SentryRequest { Method = request.Method.Method, Url = url },
                    Contexts = { ["response"] = new Dictionary<string, object> { ["type"] = "response", ["status_code"] = status } },
                });
            }

            return response;
        }
    }
}
