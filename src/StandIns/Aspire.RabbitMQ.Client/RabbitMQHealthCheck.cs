using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Aspire.RabbitMQ.Client;

/// <summary>Says whether the shared connection is open.</summary>
internal sealed class RabbitMQHealthCheck(Func<IConnection> resolve) : IHealthCheck
{
    private readonly Lock _lock = new();
    private Task<IConnection>? _connecting;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var connection = await Connecting().WaitAsync(cancellationToken);
            return connection.IsOpen
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(context.Registration.FailureStatus, "The RabbitMQ connection is closed.");
        }
        catch (Exception exception) when (exception is SocketException or BrokerUnreachableException)
        {
            // The exception names the host; the description is what a health page prints.
            return new HealthCheckResult(context.Registration.FailureStatus, "RabbitMQ cannot be reached.", exception);
        }
    }

    // Resolving blocks while the connection is retried: one thread for that, however often the probe comes by.
    private Task<IConnection> Connecting()
    {
        lock (_lock)
        {
            if (_connecting is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _connecting = Task.Run(resolve);
            }

            return _connecting;
        }
    }
}
