using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Forward;

/// <summary>
/// Before each intake: turns away for good what goes in circles, or says in a way that cannot be read where it was. What goes in circles
/// was kept when it first came, so that nothing is lost. The answer is one that senders do not repeat.
/// </summary>
internal sealed class HopGate(Hops hops, RefusalLog refusals)
{
    // Async, so that what Enter notes ends with the request.
    public async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.TryGetValue(Hops.Header, out var way) && hops.Enter(way.ToString()) is { } why)
        {
            await RefuseAsync(context, why);
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
