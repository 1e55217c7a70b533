using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Forward;

/// <summary>
/// Loop protection in front of each intake: permanently rejects requests that came through here before, or whose hop header is invalid. A
/// looped request was stored on its first pass, so nothing is lost. The status is one that senders do not retry.
/// </summary>
internal sealed class HopGate(Hops hops, RefusalLog refusals)
{
    // Async, so that the AsyncLocal set by Enter ends with the request.
    public async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.TryGetValue(Hops.Header, out var header) && hops.Enter(header.ToString()) is { } reason)
        {
            await RefuseAsync(context, reason);
            return;
        }

        await next(context);
    }

    private async Task RefuseAsync(HttpContext context, string message)
    {
        refusals.Add(new RefusedException(Refusal.Looped, message), context);
        var response = context.Response;

        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
        {
            response.ContentType = "application/grpc";
            response.Headers["grpc-status"] = ((int)StatusCode.FailedPrecondition).ToString(CultureInfo.InvariantCulture);
            response.Headers["grpc-message"] = Uri.EscapeDataString(message);
            return;
        }

        response.StatusCode = StatusCodes.Status400BadRequest;
        response.ContentType = "application/x-protobuf";
        response.Headers["X-Sentry-Error"] = message;
        await response.Body.WriteAsync(
            new Rpc.Status { Code = (int)StatusCode.FailedPrecondition, Message = message }.ToByteArray(),
            context.RequestAborted
        );
    }
}
