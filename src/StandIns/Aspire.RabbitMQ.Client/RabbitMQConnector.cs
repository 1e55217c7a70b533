using System.Diagnostics;
using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Aspire.RabbitMQ.Client;

/// <summary>Opens the connection that the container hands out.</summary>
internal static class RabbitMQConnector
{
    public const string SourceName = "Aspire.RabbitMQ.Client";

    private static readonly ActivitySource Source = new(new ActivitySourceOptions(SourceName));

    public static async Task<IConnection> ConnectAsync(
        IConnectionFactory factory, int maxRetryCount, TimeProvider time, CancellationToken cancellationToken)
    {
        using var activity = Source.StartActivity("rabbitmq connect", ActivityKind.Client);
        var delay = TimeSpan.FromSeconds(1);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await AttemptAsync(factory, cancellationToken);
            }
            catch (Exception exception) when (exception is SocketException or BrokerUnreachableException)
            {
                if (attempt >= maxRetryCount)
                {
                    Fail(activity, exception);
                    throw;
                }
            }

            await Task.Delay(delay, time, cancellationToken);
            delay *= 2;
        }
    }

    private static async Task<IConnection> AttemptAsync(IConnectionFactory factory, CancellationToken cancellationToken)
    {
        using var activity = Source.StartActivity("rabbitmq connect attempt", ActivityKind.Client);
        activity?.SetTag("messaging.system", "rabbitmq");
        if (factory.Uri is { } uri)
        {
            activity?.SetTag("server.address", uri.Host).SetTag("server.port", uri.Port);
        }

        try
        {
            return await factory.CreateConnectionAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            Fail(activity, exception);
            throw;
        }
    }

    private static void Fail(Activity? activity, Exception exception)
        => activity?.AddException(exception)
            .SetTag("error.type", exception.GetType().FullName)
            .SetStatus(ActivityStatusCode.Error, exception.Message);
}
