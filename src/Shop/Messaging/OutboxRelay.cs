using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using OpenTelemetry;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.ServiceDefaults;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Platform.Messaging;

/// <summary>
/// Publishes outbox rows at least once, each in its own trace.
/// <code>
/// (1) claim unpublished rows by lease and commit: other instances claim other rows, and these once the lease has expired
/// (2) restore each row's trace context and publish it, mandatory and with confirm; no transaction is open meanwhile
/// (3) record each row's own outcome: published; refused, which backs off and is parked in the end; or unknown, which is published again,
///     and the consumer's inbox drops the duplicate
/// </code>
/// </summary>
internal sealed partial class OutboxRelay(
    NpgsqlDataSource database,
    DatabaseSchema schema,
    PublishConnection broker,
    Topology topology,
    BrokerProblems problems,
    OutboxSignal signal,
    MessagingMetrics metrics,
    IOptions<MessagingOptions> options,
    TimeProvider time,
    ILogger<OutboxRelay> logger
) : BackgroundService
{
    /// <summary>Limit for recording outcomes during shutdown.</summary>
    private static readonly TimeSpan MarkTimeout = TimeSpan.FromSeconds(5);

    // Not disposed here: closing the connection closes all of its channels.
    private IChannel? _channel;

    // The broker closes the channel when a publish is invalid and does not say which one, so the next row is published alone.
    private bool _oneByOne;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await schema.WaitUntilAppliedAsync(stoppingToken);
        var outage = BrokerFailure.Outage();
        while (true)
        {
            try
            {
                var claimed = await RunOnceAsync(stoppingToken);
                outage.End();
                problems.Clear(BrokerProblems.Outbox);
                if (claimed == 0 || (claimed < options.Value.BatchSize && !_oneByOne))
                {
                    await signal.WaitAsync(options.Value.PollInterval, stoppingToken);
                }
            }
#pragma warning disable CA1031 // Publishing never gives up: there may be no other instance.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                // Rows stay in the table. Logged when the outage starts, not on each retry.
                var isNew = outage.IsNew(exception, out var refusal);
                problems.Report(BrokerProblems.Outbox, refusal ?? "waits for the broker or the database");
                if (isNew)
                {
                    if (refusal is null)
                    {
                        LogPaused(exception);
                    }
                    else
                    {
                        LogBrokerRefused(exception, refusal);
                    }
                }

                await Task.Delay(options.Value.BackoffBefore(outage.Failures), time, stoppingToken);
            }
        }
    }

    /// <summary>Runs one pass.</summary>
    /// <returns>The number of rows claimed.</returns>
    internal async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        // Connect first: without the broker there is no point in claiming rows.
        var channel = await OpenChannelAsync(cancellationToken);

        // :: Step 1
        var rows = await ClaimAsync(cancellationToken);
        if (rows.Count == 0)
        {
            return 0;
        }

        // :: Step 2
        var outcomes = await Task.WhenAll(rows.Select(row => PublishAsync(channel, row, cancellationToken)));
        if (rows is [var alone] && outcomes[0] is { } closing and not RowRefusedException && BrokerFailure.IsOfOneRequest(closing))
        {
            outcomes[0] = Refuse(alone, closing);
        }

        // :: Step 3, also during shutdown: rows already published would be published again otherwise.
        using var limit = new CancellationTokenSource(MarkTimeout, time);
        await MarkAsync(rows, outcomes, limit.Token);

        // A returned message may mean a deleted queue, and a channel with lost confirms is useless: both start over.
        if (outcomes.Any(outcome => outcome is not null))
        {
            _channel = null;
            await channel.CloseAsync(Constants.ReplySuccess, "rows were not confirmed", abort: true, CancellationToken.None);
        }

        cancellationToken.ThrowIfCancellationRequested();
        _oneByOne =
            outcomes.Any(outcome => outcome is not null && BrokerFailure.IsOfOneRequest(outcome))
            || (_oneByOne && outcomes[0] is RowRefusedException);
        return outcomes.FirstOrDefault(outcome => outcome is not null and not RowRefusedException) is { } unknown && !_oneByOne
            ? throw new TimeoutException("The broker did not confirm in time.", unknown)
            : rows.Count;
    }

    private async Task<IChannel> OpenChannelAsync(CancellationToken cancellationToken)
    {
        if (_channel is not { IsOpen: true })
        {
            var connection = await broker.GetAsync(cancellationToken);
            await connection.DeclareAsync(topology, cancellationToken);
            _channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
                cancellationToken
            );
        }

        return _channel;
    }

    // Polling belongs to no order's trace, and an empty pass makes no span.
    private async Task<List<OutboxRow>> ClaimAsync(CancellationToken cancellationToken)
    {
        using var quiet = SuppressInstrumentationScope.Begin();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<OutboxRow>(
            new CommandDefinition(
                """
                UPDATE outbox SET next_attempt_at = now() + @Lease
                WHERE id IN (
                    SELECT id FROM outbox
                    WHERE published_at IS NULL AND parked_at IS NULL AND next_attempt_at <= now()
                    ORDER BY id
                    LIMIT @BatchSize
                    FOR UPDATE SKIP LOCKED)
                RETURNING id, exchange, routing_key AS RoutingKey, body, traceparent, tracestate, baggage, created_at AS CreatedAt
                """,
                new { BatchSize = _oneByOne ? 1 : options.Value.BatchSize, options.Value.Lease },
                cancellationToken: cancellationToken
            )
        );
        return [.. rows.OrderBy(row => row.Id)];
    }

    /// <summary>
    /// Null when the broker confirmed; a <see cref="RowRefusedException"/> when it refused this row; any other exception when the outcome
    /// is unknown.
    /// </summary>
    private async Task<Exception?> PublishAsync(IChannel channel, OutboxRow row, CancellationToken cancellationToken)
    {
        // Each row belongs to its own trace; the pass has none.
        Activity.Current = null;
        var stored = new TraceContext(row.Traceparent, row.Tracestate, row.Baggage);
        using var activity = stored.Start(MessagingTelemetry.Source, $"send {row.Exchange}", ActivityKind.Producer);
        activity.Describe("send", row.Exchange, row.RoutingKey, row.Id, row.Body.Length);
        var context = activity is null ? stored : TraceContext.Capture();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.ConfirmTimeout);
        try
        {
            await channel.BasicPublishAsync(
                row.Exchange,
                row.RoutingKey,
                mandatory: true,
                MessageProperties.Create(row.Id, context),
                row.Body,
                limit.Token
            );
            metrics.Published(row.Route, time.GetUtcNow() - row.CreatedAt);
            return null;
        }
        catch (PublishException exception)
        {
            // Nacked or unroutable: only this row fails.
            activity.Fail(exception);
            return Refuse(row, exception);
        }
        catch (Exception exception) when (BrokerFailure.IsBroker(exception))
        {
            activity.Fail(exception);
            return exception;
        }
    }

    private RowRefusedException Refuse(OutboxRow row, Exception why)
    {
        metrics.Refused(row.Route, why.GetType().Name);
        LogRefused(why, row.Id, row.RoutingKey);
        return new RowRefusedException(why);
    }

    private async Task MarkAsync(List<OutboxRow> rows, Exception?[] outcomes, CancellationToken cancellationToken)
    {
        using var quiet = SuppressInstrumentationScope.Begin();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        Guid[] WithOutcome(Func<Exception?, bool> condition) =>
            [.. rows.Where((_, index) => condition(outcomes[index])).Select(row => row.Id)];
        await connection.ExecuteAsync(
            new CommandDefinition(
                """
                UPDATE outbox SET published_at = now() WHERE id = ANY (@published);
                UPDATE outbox SET next_attempt_at = now() WHERE id = ANY (@unknown) AND published_at IS NULL;
                """,
                new
                {
                    published = WithOutcome(outcome => outcome is null),
                    unknown = WithOutcome(outcome => outcome is not null and not RowRefusedException),
                },
                cancellationToken: cancellationToken
            )
        );

        var refused = WithOutcome(outcome => outcome is RowRefusedException);
        if (refused.Length == 0)
        {
            return;
        }

        var parked = await connection.QueryAsync<(Guid Id, string Exchange, string RoutingKey)>(
            new CommandDefinition(
                """
                WITH refused AS (
                    UPDATE outbox
                    SET attempts = attempts + 1,
                        next_attempt_at = now() + least(@Backoff * 2 ^ least(attempts, 20), @MaxPublishBackoff),
                        parked_at = CASE WHEN attempts + 1 >= @MaxPublishAttempts THEN now() END
                    WHERE id = ANY (@refused) AND published_at IS NULL AND parked_at IS NULL
                    RETURNING id, exchange, routing_key, parked_at)
                SELECT id, exchange, routing_key FROM refused WHERE parked_at IS NOT NULL
                """,
                new
                {
                    refused,
                    options.Value.Backoff,
                    options.Value.MaxPublishBackoff,
                    options.Value.MaxPublishAttempts,
                },
                cancellationToken: cancellationToken
            )
        );
        foreach (var (id, exchange, routingKey) in parked)
        {
            metrics.Parked(new Route(exchange, routingKey));
            LogParked(id, routingKey, options.Value.MaxPublishAttempts);
        }
    }

    /// <summary>The broker refuses this row, not the connection.</summary>
    private sealed class RowRefusedException(Exception why) : Exception("The broker refused the row.", why);

    private sealed record OutboxRow(
        Guid Id,
        string Exchange,
        string RoutingKey,
        byte[] Body,
        string? Traceparent,
        string? Tracestate,
        string? Baggage,
        DateTime CreatedAt
    )
    {
        public Route Route => new(Exchange, RoutingKey);
    }

    [LoggerMessage(EventId = 9101, Level = LogLevel.Warning, Message = "Publishing is paused; outbox rows wait")]
    private partial void LogPaused(Exception exception);

    [LoggerMessage(
        EventId = 9103,
        EventName = "outbox.refused",
        Level = LogLevel.Error,
        Message = "Publishing is paused, outbox rows wait: {Refusal}"
    )]
    private partial void LogBrokerRefused(Exception exception, string refusal);

    [LoggerMessage(EventId = 9102, Level = LogLevel.Warning, Message = "The broker refused outbox row {MessageId} ({RoutingKey})")]
    private partial void LogRefused(Exception exception, Guid messageId, string routingKey);

    [LoggerMessage(
        EventId = 9104,
        EventName = "outbox.parked",
        Level = LogLevel.Error,
        Message = "Outbox row {MessageId} ({RoutingKey}) was refused {Attempts} times and is parked: mend why, then send dead letters again"
    )]
    private partial void LogParked(Guid messageId, string routingKey, int attempts);
}
