using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Platform.ServiceDefaults.Problems;

/// <summary>The caller hung up: nobody reads an answer, and it is no error of ours. 499 as nginx counts it.</summary>
internal sealed class ClientGoneHandler : IExceptionHandler
{
    public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var gone = exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested;
        if (gone)
        {
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }

        return ValueTask.FromResult(gone);
    }
}
