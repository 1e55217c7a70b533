using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Platform.Messaging;

/// <summary>For what is published. A broker that is low on memory or disk stops reading from it.</summary>
internal sealed class PublishConnection(
    IConnectionFactory factory,
    BrokerTroubles troubles,
    IHostEnvironment environment,
    ILogger<PublishConnection> logger
) : BrokerConnection("publish", factory, troubles, environment, logger);

/// <summary>For what is consumed: acknowledgements make room in a broker that is low on memory, and must reach it even then.</summary>
internal sealed class ConsumeConnection(
    IConnectionFactory factory,
    BrokerTroubles troubles,
    IHostEnvironment environment,
    ILogger<ConsumeConnection> logger
) : BrokerConnection("consume", factory, troubles, environment, logger);

/// <summary>
/// A connection of the process to RabbitMQ, made when somebody needs it and made anew when it was lost. No automatic recovery inside
/// the client: the consumers and the relay start over by themselves, and declare what they need again.
/// </summary>
internal abstract partial class BrokerConnection(
    string purpose,
    IConnectionFactory factory,
    BrokerTroubles troubles,
    IHostEnvironment environment,
    ILogger logger
) : IAsyncDisposable
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
                _connection = await factory.CreateConnectionAsync($"{environment.ApplicationName} {purpose}", cancellationToken);
                _connection.ConnectionBlockedAsync += (_, blocked) =>
                {
                    LogBlocked(purpose, blocked.Reason);
                    troubles.Begin(purpose, $"blocked by the broker: {blocked.Reason}");
                    return Task.CompletedTask;
                };
                _connection.ConnectionUnblockedAsync += (_, _) =>
                {
                    LogUnblocked(purpose);
                    troubles.End(purpose);
                    return Task.CompletedTask;
                };
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
            troubles.End(purpose);
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

    [LoggerMessage(
        EventId = 9131,
        EventName = "broker.blocked",
        Level = LogLevel.Warning,
        Message = "The broker reads nothing more from the connection to {Purpose}: {Reason}"
    )]
    private partial void LogBlocked(string purpose, string reason);

    [LoggerMessage(EventId = 9132, Level = LogLevel.Information, Message = "The broker reads from the connection to {Purpose} again")]
    private partial void LogUnblocked(string purpose);
}

/// <summary>What of the service's publishing and consuming does not work at the moment, for its health.</summary>
internal sealed class BrokerTroubles
{
    public const string Outbox = "outbox";

    // By queue, connection or outbox: bounded by the queues of the service.
    private readonly ConcurrentDictionary<string, string> _troubles = new();

    /// <summary>A connection alone is not enough: exchanges and queues must be declared and consumers be subscribed.</summary>
    public BrokerTroubles(IEnumerable<ConsumedQueue> consumed)
    {
        Begin(Outbox, "is not published yet");
        foreach (var queue in consumed)
        {
            Begin(queue.Queue.Name, "is not consumed yet");
        }
    }

    public IEnumerable<string> All =>
        _troubles.OrderBy(trouble => trouble.Key, StringComparer.Ordinal).Select(trouble => $"{trouble.Key}: {trouble.Value}");

    public void Begin(string what, string trouble) => _troubles[what] = trouble;

    public void End(string what) => _troubles.TryRemove(what, out _);
}

/// <summary>Soft: without the broker orders are still accepted, and wait in the outbox.</summary>
internal sealed class BrokerHealthCheck(
    PublishConnection publish,
    ConsumeConnection consume,
    IEnumerable<ConsumedQueue> consumed,
    BrokerTroubles troubles
) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var isConnected = publish.IsOpen && (consume.IsOpen || !consumed.Any());
        var found = isConnected ? string.Join("; ", troubles.All) : "Not connected.";
        return Task.FromResult(
            found.Length == 0 ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus, found)
        );
    }
}
