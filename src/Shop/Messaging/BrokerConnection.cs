using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Platform.Messaging;

/// <summary>Used for publishing. A broker that is low on memory or disk stops reading from it.</summary>
internal sealed class PublishConnection(
    IConnectionFactory factory,
    BrokerProblems problems,
    IHostEnvironment environment,
    ILogger<PublishConnection> logger
) : BrokerConnection("publish", factory, problems, environment, logger);

/// <summary>Used for consuming: acknowledgements free memory in the broker and must get through even when it blocks publishers.</summary>
internal sealed class ConsumeConnection(
    IConnectionFactory factory,
    BrokerProblems problems,
    IHostEnvironment environment,
    ILogger<ConsumeConnection> logger
) : BrokerConnection("consume", factory, problems, environment, logger);

/// <summary>
/// A connection to RabbitMQ, opened on demand and reopened after it was lost. The client's automatic recovery is off: consumers and relay
/// reconnect and redeclare what they need.
/// </summary>
internal abstract partial class BrokerConnection(
    string purpose,
    IConnectionFactory factory,
    BrokerProblems problems,
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
                    problems.Report(purpose, $"blocked by the broker: {blocked.Reason}");
                    return Task.CompletedTask;
                };
                _connection.ConnectionUnblockedAsync += (_, _) =>
                {
                    LogUnblocked(purpose);
                    problems.Clear(purpose);
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

    /// <summary>Closes it with all its channels. A broker that is shutting down may not answer, so there is a time limit.</summary>
    private async Task CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            problems.Clear(purpose);
            try
            {
                await connection.AbortAsync(CloseTimeout);
            }
            catch (OperationCanceledException)
            {
                // The time ran out before the client started to close: an abort throws this too.
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

/// <summary>What currently does not work in publishing and consuming, for the health check.</summary>
internal sealed class BrokerProblems
{
    public const string Outbox = "outbox";

    // By queue, connection or outbox: bounded by the queues of the service.
    private readonly ConcurrentDictionary<string, string> _problems = new();

    /// <summary>A connection is not enough: exchanges and queues must be declared and consumers subscribed.</summary>
    public BrokerProblems(IEnumerable<ConsumedQueue> consumed)
    {
        Report(Outbox, "is not published yet");
        foreach (var queue in consumed)
        {
            Report(queue.Queue.Name, "is not consumed yet");
        }
    }

    public IEnumerable<string> All =>
        _problems.OrderBy(problem => problem.Key, StringComparer.Ordinal).Select(problem => $"{problem.Key}: {problem.Value}");

    public void Report(string what, string problem) => _problems[what] = problem;

    public void Clear(string what) => _problems.TryRemove(what, out _);
}

/// <summary>A soft dependency: without the broker orders are accepted and wait in the outbox.</summary>
internal sealed class BrokerHealthCheck(
    PublishConnection publish,
    ConsumeConnection consume,
    IEnumerable<ConsumedQueue> consumed,
    BrokerProblems problems
) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var isConnected = publish.IsOpen && (consume.IsOpen || !consumed.Any());
        var found = isConnected ? string.Join("; ", problems.All) : "Not connected.";
        return Task.FromResult(
            found.Length == 0 ? HealthCheckResult.Healthy() : new HealthCheckResult(context.Registration.FailureStatus, found)
        );
    }
}
