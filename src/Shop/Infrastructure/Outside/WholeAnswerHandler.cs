namespace Platform.Infrastructure.Outside;

/// <summary>
/// Innermost handler. Buffers the response, so that timeout and breaker cover all of an attempt, and makes a connect timeout fail like a
/// refused connection. Otherwise both would surface where the body is read.
/// </summary>
internal sealed class WholeAnswerHandler : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, cancellationToken);
        }
        catch (OperationCanceledException exception)
            when (exception.InnerException is TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            // SocketsHttpHandler.ConnectTimeout: nothing was sent.
            throw new HttpRequestException(HttpRequestError.ConnectionError, exception.InnerException.Message, exception);
        }

        try
        {
            await response.Content.LoadIntoBufferAsync(OutsideClientExtensions.MaxAnswerBytes, cancellationToken);
            return response;
        }
        catch
        {
            // The caller gets the exception and not the response, so nobody else would return the connection.
            response.Dispose();
            throw;
        }
    }
}
