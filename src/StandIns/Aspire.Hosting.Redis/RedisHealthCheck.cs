using System.Net.Sockets;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>AUTH and PING in Redis' own protocol; no client library is worth these two lines.</summary>
internal sealed class RedisHealthCheck(RedisResource redis) : IHealthCheck
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(3);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(redis.PrimaryEndpoint.Host, redis.PrimaryEndpoint.Port, limit.Token).ConfigureAwait(false);
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, leaveOpen: true);
            if (redis.PasswordParameter is { } password)
            {
                await SendAsync(stream, ["AUTH", password.Value], limit.Token).ConfigureAwait(false);
                if (await reader.ReadLineAsync(limit.Token).ConfigureAwait(false) is not "+OK")
                {
                    return HealthCheckResult.Unhealthy("The server does not accept the password.");
                }
            }

            await SendAsync(stream, ["PING"], limit.Token).ConfigureAwait(false);
            var answer = await reader.ReadLineAsync(limit.Token).ConfigureAwait(false);
            return answer == "+PONG" ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"PING answered '{answer}'.");
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
        {
            return HealthCheckResult.Unhealthy(exception: e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"No answer within {TimeLimit.TotalSeconds:0} s.");
        }
    }

    // *2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n
    private static ValueTask SendAsync(NetworkStream stream, string[] command, CancellationToken cancellationToken)
    {
        var text = new StringBuilder().Append(null, $"*{command.Length}\r\n");
        foreach (var word in command)
        {
            text.Append(null, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        }

        return stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancellationToken);
    }
}
