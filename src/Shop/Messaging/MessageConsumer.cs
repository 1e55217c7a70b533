using System.Diagnostics;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;
using Platform.Infrastructure.Switches;
using Platform.ServiceDefaults;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Platform.Messaging;

/// <summary>
/// Consumes one queue: inbox row, handler and outbox rows share a transaction, and the message is acknowledged after the commit.
/// </summary>
internal sealed partial class MessageConsumer<TMessage>(
    Queue queue,
    NpgsqlDataSource database,
    DatabaseSchema schema,
    ConsumeConnection broker,
    BrokerProblems problems,
    IEnumerable<WakeSignal> afterCommit,
    MessagingMetrics metrics,
    IServiceScopeFactory scopes,
    Switches switches,
    IOptions<MessagingOptions> options,
    TimeProvider time,
    ILogger<MessageConsumer<TMessage>> logger
) : BackgroundService
{
    private enum Attempt
    {
        Done,
        Paused,
        Crashed,
        Dead,
    }

    // With it a consumer takes one message at a time, and tries one that can never be handled for ever.
    private const string TriesForEver = "x-25";

    // Null until the broker confirmed the subscription.
    private long? _consumingSince;

    // Logged once for all messages in flight, until one of them succeeds.
    private bool _isPaused;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await schema.WaitUntilAppliedAsync(stoppingToken);
        var outage = BrokerFailure.Outage();
        while (true)
        {
            _consumingSince = null;
            Exception failure;
            try
            {
                failure = new IOException(await ConsumeAsync(stoppingToken));
            }
#pragma warning disable CA1031 // Consuming never gives up: any failure is logged and retried.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                failure = exception;
            }

            // A consumer that fails again right away has not recovered.
            if (_consumingSince is { } since && time.GetElapsedTime(since) > options.Value.MaxBackoff)
            {
                outage.End();
            }

            var isNew = outage.IsNew(failure, out var refusal);
            problems.Report(queue.Name, refusal ?? "is not consumed");
            if (isNew)
            {
                if (refusal is null)
                {
                    LogBrokerUnavailable(failure, queue.Name);
                }
                else
                {
                    LogRefused(failure, queue.Name, refusal);
                }
            }

            await Task.Delay(options.Value.BackoffBefore(outage.Failures), time, stoppingToken);
        }
    }

    /// <summary>Runs until the channel or its connection closes, the queue is deleted, or a message cannot be settled.</summary>
    /// <returns>The reason, in the broker's words.</returns>
    private async Task<string> ConsumeAsync(CancellationToken stoppingToken)
    {
        _isPaused = false;
        var prefetch = switches.IsOn(TriesForEver) ? (ushort)1 : options.Value.Prefetch;
        var connection = await broker.GetAsync(stoppingToken);
        await connection.DeclareAsync(queue, stoppingToken);
        var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(
                publisherConfirmationsEnabled: false,
                publisherConfirmationTrackingEnabled: false,
                consumerDispatchConcurrency: prefetch
            ),
            stoppingToken
        );

        // Messages in flight when the channel closes cannot be acknowledged: they are abandoned and redelivered.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var untilEnded = ended.Token;
        var closed = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await channel.BasicQosAsync(0, prefetch, global: false, stoppingToken);
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += async (_, delivery) =>
            {
                if (!await DeliverAsync(channel, delivery, untilEnded))
                {
                    closed.TrySetResult("A message could not be settled.");
                }
            };
            consumer.ShutdownAsync += (_, shutdown) => CompleteAsync($"The channel was closed: {shutdown.ReplyCode} {shutdown.ReplyText}");
            consumer.UnregisteredAsync += (_, _) => CompleteAsync("The queue was deleted.");
            await channel.BasicConsumeAsync(queue.Name, autoAck: false, consumer, stoppingToken);
            _consumingSince = time.GetTimestamp();
            LogConsuming(queue.Name);
            problems.Clear(queue.Name);
            return await closed.Task.WaitAsync(stoppingToken);
        }
        finally
        {
            await ended.CancelAsync();

            // Not from a handler, because this awaits them. During shutdown the connection closes it: the broker may be stopping too and
            // not answer.
            if (channel.IsOpen && !stoppingToken.IsCancellationRequested)
            {
                await channel.CloseAsync(Constants.ReplySuccess, "not consumed any more", abort: true, CancellationToken.None);
            }
        }

        Task CompleteAsync(string why)
        {
            closed.TrySetResult(why);
            return Task.CompletedTask;
        }
    }

    /// <returns>
    /// False when it could not be settled: the broker redelivers it once the channel is closed, and the inbox drops the duplicate.
    /// </returns>
    private async Task<bool> DeliverAsync(IChannel channel, BasicDeliverEventArgs delivery, CancellationToken ended)
    {
        try
        {
            if (await ProcessAsync(delivery, ended))
            {
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, ended);
            }
            else
            {
                // The broker holds on to a message it cannot dead-letter, so the dead-letter queue must exist.
                var connection = await broker.GetAsync(ended);
                await connection.DeclareDeadLettersAsync(queue, ended);
                await channel.BasicNackAsync(delivery.DeliveryTag, multiple: false, requeue: false, ended);
            }

            return true;
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Unacknowledged messages are redelivered.
            return true;
        }
        catch (Exception exception) when (BrokerFailure.IsBroker(exception))
        {
            LogNotSettled(exception, delivery.BasicProperties.MessageId, queue.Name);
            return false;
        }
    }

    /// <summary>Retries with backoff while holding the message: requeueing it would count as a delivery.</summary>
    /// <returns>False when it must be dead-lettered.</returns>
    private async Task<bool> ProcessAsync(BasicDeliverEventArgs delivery, CancellationToken stoppingToken)
    {
        if (!Guid.TryParse(delivery.BasicProperties.MessageId, out var messageId))
        {
            metrics.Consumed(queue.Name, "dead", TimeSpan.Zero);
            LogWithoutId(queue.Name);
            return false;
        }

        // Handling it kills the process. At its limit the broker would dead-letter it without a log line.
        if (DeliveriesOf(delivery) is var deliveries && deliveries >= TopologyDeclaration.DeliveryLimit)
        {
            metrics.Consumed(queue.Name, "dead", TimeSpan.Zero);
            LogNeverSettled(messageId, deliveries, queue.Name);
            return false;
        }

        var (pauses, crashes) = (0, 0);
        while (true)
        {
            switch (await TryAsync(delivery, messageId, pauses, crashes, stoppingToken))
            {
                case Attempt.Done:
                    return true;
                case Attempt.Dead:
                    return false;
                case Attempt.Paused:
                    pauses++;
                    break;
                default:
                    crashes++;
                    break;
            }

            await Task.Delay(options.Value.BackoffBefore(pauses + crashes), time, stoppingToken);
        }
    }

    /// <summary>One attempt is one span, so that a failure is visible while it is retried.</summary>
    private async Task<Attempt> TryAsync(
        BasicDeliverEventArgs delivery,
        Guid messageId,
        int pauses,
        int crashes,
        CancellationToken stoppingToken
    )
    {
        // Ignore the dispatcher's context; the parent is in the message's headers.
        Activity.Current = null;
        using var scope = ErrorScope.Begin();
        using var activity = MessageProperties
            .ContextOf(delivery.BasicProperties)
            .Start(
                MessagingTelemetry.Source,
                $"process {queue.Name}",
                ActivityKind.Consumer,
                link: options.Value.TraceContext == TraceContextMode.Link
            );
        activity.Describe("process", queue.Name, delivery.RoutingKey, messageId, delivery.Body.Length);
        var started = time.GetTimestamp();
        try
        {
            var first = await HandleAsync(messageId, delivery.Body, stoppingToken);
            Volatile.Write(ref _isPaused, false);
            Count(first ? "done" : "duplicate");
            activity?.SetTag("platform.message.duplicate", first ? null : true);
            return Attempt.Done;
        }
#pragma warning disable CA1031 // The boundary of all handlers: each failure ends as a pause, another attempt or a dead letter.
        catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            activity.Fail(exception);
            switch (exception.Classify())
            {
                case MessageFailure.Permanent when !switches.IsOn(TriesForEver):
                    Count("dead");
                    LogDead(exception, messageId, queue.Name);
                    return Attempt.Dead;
                case MessageFailure.Transient or MessageFailure.Permanent:
                    if (pauses == 0)
                    {
                        Count("paused");
                    }

                    if (!Interlocked.Exchange(ref _isPaused, true))
                    {
                        LogPaused(exception, queue.Name);
                    }

                    return Attempt.Paused;
                case MessageFailure.Crash when crashes + 1 < options.Value.MaxHandlerAttempts:
                    Count("retried");
                    LogCrashed(exception, messageId, queue.Name);
                    return Attempt.Crashed;
                default:
                    Count("dead");
                    LogGivenUp(exception, messageId, queue.Name, crashes + 1);
                    return Attempt.Dead;
            }
        }

        void Count(string outcome) => metrics.Consumed(queue.Name, outcome, time.GetElapsedTime(started));
    }

    /// <summary>False for a duplicate: an earlier delivery was processed and its acknowledgement lost.</summary>
    private async Task<bool> HandleAsync(Guid messageId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var message =
            JsonSerializer.Deserialize<TMessage>(body.Span, MessageJson.Options)
            ?? throw new PoisonMessageException("The message is null.");

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var inserted = await connection.ExecuteAsync(
            new CommandDefinition(
                "INSERT INTO inbox (queue, message_id) VALUES (@Name, @messageId) ON CONFLICT DO NOTHING",
                new { queue.Name, messageId = messageId.ToString() },
                cancellationToken: cancellationToken
            )
        );
        if (inserted == 0)
        {
            return false;
        }

        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageHandler<TMessage>>().HandleAsync(message, connection, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        scope.ServiceProvider.GetRequiredService<AfterCommit>().Run();
        foreach (var signal in afterCommit)
        {
            signal.Notify();
        }

        return true;
    }

    /// <summary>Includes this delivery.</summary>
    private static long DeliveriesOf(BasicDeliverEventArgs delivery) =>
        delivery.BasicProperties.Headers is { } headers && headers.TryGetValue("x-delivery-count", out var returned)
            ? Convert.ToInt64(returned, System.Globalization.CultureInfo.InvariantCulture) + 1
            : 1;

    [LoggerMessage(EventId = 9111, EventName = "queue.consuming", Level = LogLevel.Information, Message = "Consuming {Queue}")]
    private partial void LogConsuming(string queue);

    [LoggerMessage(
        EventId = 9112,
        EventName = "broker.unavailable",
        Level = LogLevel.Warning,
        Message = "{Queue} is not consumed; it is retried"
    )]
    private partial void LogBrokerUnavailable(Exception exception, string queue);

    [LoggerMessage(EventId = 9119, EventName = "broker.refused", Level = LogLevel.Error, Message = "{Queue} is not consumed: {Refusal}")]
    private partial void LogRefused(Exception exception, string queue, string refusal);

    [LoggerMessage(
        EventId = 9113,
        EventName = "queue.paused",
        Level = LogLevel.Warning,
        Message = "{Queue} is paused: a dependency is away; the message is kept"
    )]
    private partial void LogPaused(Exception exception, string queue);

    [LoggerMessage(
        EventId = 9114,
        EventName = "message.dead",
        Level = LogLevel.Error,
        Message = "Message {MessageId} can never be handled: moved to the dead letters of {Queue}"
    )]
    private partial void LogDead(Exception exception, Guid messageId, string queue);

    [LoggerMessage(
        EventId = 9115,
        EventName = "message.crashed",
        Level = LogLevel.Warning,
        Message = "The handler of message {MessageId} from {Queue} crashed; it is retried"
    )]
    private partial void LogCrashed(Exception exception, Guid messageId, string queue);

    [LoggerMessage(
        EventId = 9118,
        EventName = "message.given_up",
        Level = LogLevel.Error,
        Message = "The handler of message {MessageId} crashed at attempt {Attempts}: moved to the dead letters of {Queue}"
    )]
    private partial void LogGivenUp(Exception exception, Guid messageId, string queue, int attempts);

    [LoggerMessage(
        EventId = 9120,
        EventName = "message.never_settled",
        Level = LogLevel.Error,
        Message = "Message {MessageId} was delivered {Deliveries} times and never settled, a process may die over it: "
            + "moved to the dead letters of {Queue}"
    )]
    private partial void LogNeverSettled(Guid messageId, long deliveries, string queue);

    [LoggerMessage(
        EventId = 9116,
        EventName = "message.without_id",
        Level = LogLevel.Error,
        Message = "A message whose id is missing or no uuid was moved to the dead letters of {Queue}"
    )]
    private partial void LogWithoutId(string queue);

    [LoggerMessage(
        EventId = 9117,
        Level = LogLevel.Information,
        Message = "Message {MessageId} could not be settled; {Queue} will deliver it again"
    )]
    private partial void LogNotSettled(Exception exception, string? messageId, string queue);
}
