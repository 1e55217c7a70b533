using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using OpenTelemetry;
using Platform.ServiceDefaults.Data;
using Platform.ServiceDefaults.Telemetry;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Platform.Messaging;

/// <summary>
/// Publishes what the outbox holds, at least once and each row in its own trace.
/// <code>
/// (1) claim unpublished rows with SKIP LOCKED, inside a transaction: other instances take other rows
/// (2) restore each row's trace context and publish it, mandatory and with confirm
/// (3) confirmed rows are marked, refused ones counted, and parked after MaxPublishAttempts
/// (4) commit; a crash before it publishes again, and the consumer's inbox drops the twin
/// </code>
/// </summary>
internal sealed partial class OutboxRelay(
    NpgsqlDataSource database,
    DatabaseSchema schema,
    BrokerConnection broker,
    OutboxSignal signal,
    MessagingMetrics metrics,
    IOptions<MessagingOptions> options,
    TimeProvider time,
    ILogger<OutboxRelay> logger) : BackgroundService
{
    // Goes with the broker's connection, which is closed for all its channels at once.
    private IChannel? _channel;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await schema.WaitUntilAppliedAsync(stoppingToken);
        var failures = 0;
        while (true)
        {
            try
            {
                var claimed = await RunOnceAsync(stoppingToken);
                failures = 0;
                if (claimed < options.Value.BatchSize)
                {
                    await signal.WaitAsync(options.Value.PollInterval, stoppingToken);
                }
            }
            catch (Exception exception) when ((BrokerConnection.IsAway(exception) || DatabaseFailure.IsTransient(exception)) && !stoppingToken.IsCancellationRequested)
            {
                // Rows stay where they are. One line when it starts, not one for each try.
                failures++;
                if (failures == 1)
                {
                    LogPaused(exception);
                }

                await Task.Delay(options.Value.BackoffBefore(failures), time, stoppingToken);
            }
        }
    }

    /// <summary>One pass.</summary>
    /// <returns>How many rows were claimed.</returns>
    internal async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        // The broker first: without it there is no point in locking rows.
        var channel = await OpenChannelAsync(cancellationToken);
        await using var connection = await OpenQuietlyAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // :: Step 1
        var rows = await ClaimAsync(connection, cancellationToken);
        if (rows.Count == 0)
        {
            return 0;
        }

        // :: Step 2
        var outcomes = await Task.WhenAll(rows.Select(row => PublishAsync(channel, row, cancellationToken)));

        // :: Steps 3 and 4
        using (SuppressInstrumentationScope.Begin())
        {
            await MarkAsync(connection, rows, outcomes, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return rows.Count;
    }

    private async Task<IChannel> OpenChannelAsync(CancellationToken cancellationToken)
    {
        if (_channel is not { IsOpen: true })
        {
            var connection = await broker.GetAsync(cancellationToken);
            _channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        }

        return _channel;
    }

    // Looking for work is not part of any order's trace, and an empty pass makes no span.
    private async Task<NpgsqlConnection> OpenQuietlyAsync(CancellationToken cancellationToken)
    {
        using var quiet = SuppressInstrumentationScope.Begin();
        return await database.OpenConnectionAsync(cancellationToken);
    }

    private async Task<List<OutboxRow>> ClaimAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using var quiet = SuppressInstrumentationScope.Begin();
        var rows = await connection.QueryAsync<OutboxRow>(new CommandDefinition(
            """
            SELECT id, exchange, routing_key AS RoutingKey, body, traceparent, tracestate, baggage, created_at AS CreatedAt
            FROM outbox
            WHERE published_at IS NULL AND parked_at IS NULL
            ORDER BY id
            LIMIT @BatchSize
            FOR UPDATE SKIP LOCKED
            """,
            new { options.Value.BatchSize },
            cancellationToken: cancellationToken));
        return rows.AsList();
    }

    /// <summary>False when the broker refused this row; a lost connection throws and ends the pass.</summary>
    private async Task<bool> PublishAsync(IChannel channel, OutboxRow row, CancellationToken cancellationToken)
    {
        // Each row belongs to another trace; the pass itself has none.
        Activity.Current = null;
        var route = new Route(row.Exchange, row.RoutingKey);
        using var activity = new TraceContext(row.Traceparent, row.Tracestate, row.Baggage).Start(MessagingTelemetry.Source, $"send {row.Exchange}", ActivityKind.Producer);
        activity.Describe("send", row.Exchange, row.RoutingKey, row.Id, row.Body.Length);
        var context = activity is null ? new TraceContext(row.Traceparent, row.Tracestate, row.Baggage) : TraceContext.Capture();
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.Value.ConfirmTimeout);
            await channel.BasicPublishAsync(row.Exchange, row.RoutingKey, mandatory: true, MessageProperties.Create(row.Id, context), row.Body, limit.Token);
            metrics.Published(route, time.GetUtcNow() - row.CreatedAt);
            return true;
        }
        catch (PublishException exception)
        {
            // Nacked, or no queue is bound: this row's fault, and the others go on.
            activity.Fail(exception);
            metrics.Refused(route, exception.GetType().Name);
            LogRefused(exception, row.Id, row.RoutingKey);
            return false;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            activity.Fail(exception);

            // Whether it arrived is not known: a channel with lost confirms is of no more use.
            await channel.CloseAsync(Constants.ReplySuccess, "confirm timed out", abort: true, CancellationToken.None);
            throw new TimeoutException("The broker did not confirm in time.", exception);
        }
        catch (Exception exception) when (BrokerConnection.IsAway(exception))
        {
            activity.Fail(exception);
            throw;
        }
    }

    private async Task MarkAsync(NpgsqlConnection connection, List<OutboxRow> rows, bool[] outcomes, CancellationToken cancellationToken)
    {
        var published = rows.Where((_, index) => outcomes[index]).Select(row => row.Id).ToArray();
        var refused = rows.Where((_, index) => !outcomes[index]).Select(row => row.Id).ToArray();
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE outbox SET published_at = now() WHERE id = ANY (@published)", new { published }, cancellationToken: cancellationToken));
        if (refused.Length > 0)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE outbox SET attempts = attempts + 1, parked_at = CASE WHEN attempts + 1 >= @max THEN now() END WHERE id = ANY (@refused)",
                new { refused, max = options.Value.MaxPublishAttempts },
                cancellationToken: cancellationToken));
        }
    }

    private sealed record OutboxRow(
        Guid Id, string Exchange, string RoutingKey, byte[] Body, string? Traceparent, string? Tracestate, string? Baggage, DateTime CreatedAt);

    [LoggerMessage(EventId = 9101, Level = LogLevel.Warning, Message = "Publishing is paused; outbox rows wait")]
    private partial void LogPaused(Exception exception);

    [LoggerMessage(EventId = 9102, Level = LogLevel.Warning, Message = "The broker refused outbox row {MessageId} ({RoutingKey})")]
    private partial void LogRefused(Exception exception, Guid messageId, string routingKey);
}
