using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;

namespace Platform.Messaging;

/// <summary>
/// The process's one connection to RabbitMQ, made when somebody needs it and made anew when it was lost. No automatic recovery inside
/// the client: the consumers and the relay start over by themselves, and declare what they need again.
/// </summary>
internal sealed class BrokerConnection(IConnectionFactory factory) : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1);
    private IConnection? _connection;

    public bool IsOpen => _connection is { IsOpen: true };

    public async Task<IConnection> GetAsync(CancellationToken cancellationToken)
    {
        if (_connection is { IsOpen: true } open)
        {
            return open;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_connection is not { IsOpen: true })
            {
                await CloseAsync();
                _connection = await factory.CreateConnectionAsync(cancellationToken);
            }

            return _connection;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _gate.Dispose();
    }

    /// <summary>With all its channels. A broker that is going away too does not answer: it is not waited for.</summary>
    private async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            try
            {
                await connection.AbortAsync(CloseTimeout);
            }
            catch (OperationCanceledException)
            {
                // The time was over before the client had begun: also an abort says so.
            }

            await connection.DisposeAsync();
        }
    }
}

/// <summary>What of the service's publishing and consuming does not work at the moment, for its health.</summary>
internal sealed class BrokerTroubles
{
    // By queue, or "outbox": bounded by the queues of the service.
    private readonly ConcurrentDictionary<string, string> _troubles = new();

    public IEnumerable<string> All => _troubles.OrderBy(trouble => trouble.Key, StringComparer.Ordinal).Select(trouble => $"{trouble.Key}: {trouble.Value}");

    public void Begin(string what, string trouble) => _troubles[what] = trouble;

    public void End(string what) => _troubles.TryRemove(what, out _);
}

/// <summary>Soft: without the broker orders are still accepted, and wait in the outbox.</summary>
internal sealed class BrokerHealthCheck(BrokerConnection broker, BrokerTroubles troubles) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var found = broker.IsOpen ? string.Join("; ", troubles.All) : "Not connected.";
        return Task.FromResult(found.Length == 0
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, found));
    }
}
