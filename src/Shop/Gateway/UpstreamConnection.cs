using System.Net;
using System.Net.Sockets;
using Polly;
using Polly.Retry;

namespace Platform.Gateway;

/// <summary>
/// Connects to a service, again while it refuses: one that restarts does so for a few seconds, and nothing of the request has been sent.
/// </summary>
internal static class UpstreamConnection
{
    /// <summary>Longer than a restart takes, and shorter than a request may take.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly ResiliencePipeline<Stream> Pipeline = new ResiliencePipelineBuilder<Stream>()
        .AddRetry(
            new RetryStrategyOptions<Stream>
            {
                ShouldHandle = new PredicateBuilder<Stream>().Handle<SocketException>(refusal =>
                    refusal.SocketErrorCode == SocketError.ConnectionRefused
                ),
                MaxRetryAttempts = (int)(Patience / Pause),
                Delay = Pause,
                BackoffType = DelayBackoffType.Constant,
            }
        )
        .Build();

    /// <exception cref="SocketException">It refused all the time, or failed otherwise.</exception>
    public static ValueTask<Stream> OpenAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken) =>
        Pipeline.ExecuteAsync(ConnectAsync, context.DnsEndPoint, cancellationToken);

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint service, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(service, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            // Whatever it was goes on to the caller. Only a stream would own the socket.
            socket.Dispose();
            throw;
        }
    }
}
