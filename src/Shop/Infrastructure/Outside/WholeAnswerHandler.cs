namespace Platform.Infrastructure.Outside;

/// <summary>
/// Innermost, so that the whole of an attempt is inside its time limit and what the breaker sees: the answer is read to its end here, and
/// a connection that was not made in time fails as one that was refused. Otherwise both would be left to whoever reads the body.
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
            // Whatever it was, the caller gets that and not the answer: nobody else would give the connection back.
            response.Dispose();
            throw;
        }
    }
}
