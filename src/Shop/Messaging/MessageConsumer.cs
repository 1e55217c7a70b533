using System.Diagnostics;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Platform.ServiceDefaults.Data;
using Platform.ServiceDefaults.Errors;
using Platform.ServiceDefaults.Telemetry;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Platform.Messaging;

/// <summary>Consumes one queue: inbox row, handler and outbox rows in one transaction, and the acknowledgement after its commit.</summary>
internal sealed partial class MessageConsumer<TMessage>(
    Queue queue,
    NpgsqlDataSource database,
    DatabaseSchema schema,
    BrokerConnection broker,
    IEnumerable<WakeSignal> afterCommit,
    MessagingMetrics metrics,
    IServiceScopeFactory scopes,
    IOptions<MessagingOptions> options,
    TimeProvider time,
    ILogger<MessageConsumer<TMessage>> logger) : BackgroundService
{
    private enum Settlement
    {
        Acknowledge,
        DeadLetter,
        Requeue,
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await schema.WaitUntilAppliedAsync(stoppingToken);
        var failures = 0;
        while (true)
        {
            try
            {
                // Goes with the broker's connection: at a stop, closing it would wait for an answer that a broker which stops too does not give.
                var channel = await OpenChannelAsync(stoppingToken);
                failures = 0;
                LogConsuming(queue.Name);
                await ConsumeUntilClosedAsync(channel, stoppingToken);
            }
            catch (Exception exception) when (BrokerConnection.IsAway(exception) && !stoppingToken.IsCancellationRequested)
            {
                failures++;
                if (failures == 1)
                {
                    LogBrokerAway(exception, queue.Name);
                }
            }

            await Task.Delay(options.Value.BackoffBefore(Math.Max(failures, 1)), time, stoppingToken);
        }
    }

    private async Task<IChannel> OpenChannelAsync(CancellationToken cancellationToken)
    {
        var connection = await broker.GetAsync(cancellationToken);
        var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false, consumerDispatchConcurrency: options.Value.Prefetch),
            cancellationToken);
        await channel.BasicQosAsync(0, options.Value.Prefetch, global: false, cancellationToken);
        return channel;
    }

    private async Task ConsumeUntilClosedAsync(IChannel channel, CancellationToken stoppingToken)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => DeliverAsync(channel, delivery, stoppingToken);

        // Closed by us, by the broker or by a lost connection; or the queue was deleted under the consumer.
        consumer.ShutdownAsync += (_, _) => Complete();
        consumer.UnregisteredAsync += (_, _) => Complete();
        await channel.BasicConsumeAsync(queue.Name, autoAck: false, consumer, stoppingToken);
        await closed.Task.WaitAsync(stoppingToken);
        if (channel.IsOpen)
        {
            await channel.CloseAsync(Constants.ReplySuccess, "the consumer was cancelled", abort: true, stoppingToken);
        }

        Task Complete()
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        }
    }

    private async Task DeliverAsync(IChannel channel, BasicDeliverEventArgs delivery, CancellationToken stoppingToken)
    {
        try
        {
            var settlement = await ProcessAsync(delivery, stoppingToken);
            await SettleAsync(channel, delivery.DeliveryTag, settlement, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping: what is not acknowledged, the broker delivers to somebody else.
        }
        catch (Exception exception) when (BrokerConnection.IsAway(exception))
        {
            // The channel went with the broker: it delivers again, and the inbox knows what was done.
            LogNotSettled(exception, delivery.BasicProperties.MessageId, queue.Name);
        }
    }

    private async Task<Settlement> ProcessAsync(BasicDeliverEventArgs delivery, CancellationToken stoppingToken)
    {
        if (!Guid.TryParse(delivery.BasicProperties.MessageId, out var messageId))
        {
            LogWithoutId(queue.Name);
            return Settlement.DeadLetter;
        }

        // The dispatcher's own context is nobody's; the parent is in the message's headers.
        Activity.Current = null;
        using var scope = ErrorScope.Begin();
        var link = options.Value.TraceContext == TraceContextMode.Link;
        using var activity = MessageProperties.ContextOf(delivery.BasicProperties).Start(MessagingTelemetry.Source, $"process {queue.Name}", ActivityKind.Consumer, link);
        activity.Describe("process", queue.Name, delivery.RoutingKey, messageId, delivery.Body.Length);

        for (var attempt = 1; ; attempt++)
        {
            var started = time.GetTimestamp();
            try
            {
                var first = await HandleAsync(messageId, delivery.Body, stoppingToken);
                metrics.Consumed(queue.Name, first ? "done" : "duplicate", time.GetElapsedTime(started));
                activity?.SetTag("platform.message.duplicate", first ? null : true);
                return Settlement.Acknowledge;
            }
#pragma warning disable CA1031 // The boundary of all handlers: each failure is classified, and ends as a pause, a dead letter or a redelivery.
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                switch (exception.Classify())
                {
                    case MessageFailure.Transient:
                        metrics.Consumed(queue.Name, "paused", time.GetElapsedTime(started));
                        if (attempt == 1)
                        {
                            LogPaused(exception, queue.Name);
                        }

                        await Task.Delay(options.Value.BackoffBefore(attempt), time, stoppingToken);
                        break;
                    case MessageFailure.Permanent:
                        metrics.Consumed(queue.Name, "dead", time.GetElapsedTime(started));
                        activity.Fail(exception);
                        LogDead(exception, messageId, queue.Name);
                        return Settlement.DeadLetter;
                    default:
                        activity.Fail(exception);
                        var deliveries = DeliveriesOf(delivery);
                        if (deliveries >= BrokerConnection.DeliveryLimit)
                        {
                            metrics.Consumed(queue.Name, "dead", time.GetElapsedTime(started));
                            LogGivenUp(exception, messageId, queue.Name, deliveries);
                            return Settlement.DeadLetter;
                        }

                        metrics.Consumed(queue.Name, "requeued", time.GetElapsedTime(started));

                        LogCrashed(exception, messageId, queue.Name);
                        await Task.Delay(options.Value.Backoff, time, stoppingToken);
                        return Settlement.Requeue;
                }
            }
        }
    }

    /// <summary>False when the inbox knows the message already: an earlier delivery was handled, and its acknowledgement got lost.</summary>
    private async Task<bool> HandleAsync(Guid messageId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var message = JsonSerializer.Deserialize<TMessage>(body.Span, MessageJson.Options) ?? throw new PoisonMessageException("The message is null.");

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var inserted = await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO inbox (queue, message_id) VALUES (@Name, @messageId) ON CONFLICT DO NOTHING",
            new { queue.Name, messageId = messageId.ToString() },
            cancellationToken: cancellationToken));
        if (inserted == 0)
        {
            return false;
        }

        await using (var scope = scopes.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<IMessageHandler<TMessage>>().HandleAsync(message, connection, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        foreach (var signal in afterCommit)
        {
            signal.Notify();
        }

        return true;
    }

    /// <summary>
    /// This one included. The handler's last failure is the one that is reported, so the consumer must know which it is: brokers differ by one
    /// in when they give up, and are left to do so where a process dies over a message.
    /// </summary>
    private static long DeliveriesOf(BasicDeliverEventArgs delivery) =>
        delivery.BasicProperties.Headers is { } headers && headers.TryGetValue("x-delivery-count", out var returned)
            ? Convert.ToInt64(returned, System.Globalization.CultureInfo.InvariantCulture) + 1
            : 1;

    private static async Task SettleAsync(IChannel channel, ulong deliveryTag, Settlement settlement, CancellationToken cancellationToken)
    {
        if (settlement == Settlement.Acknowledge)
        {
            await channel.BasicAckAsync(deliveryTag, multiple: false, cancellationToken);
        }
        else
        {
            await channel.BasicNackAsync(deliveryTag, multiple: false, requeue: settlement == Settlement.Requeue, cancellationToken);
        }
    }

    [LoggerMessage(EventId = 9111, EventName = "queue.consuming", Level = LogLevel.Information, Message = "Consuming {Queue}")]
    private partial void LogConsuming(string queue);

    [LoggerMessage(EventId = 9112, EventName = "broker.unavailable", Level = LogLevel.Warning, Message = "RabbitMQ is away; {Queue} waits for it")]
    private partial void LogBrokerAway(Exception exception, string queue);

    [LoggerMessage(EventId = 9113, EventName = "queue.paused", Level = LogLevel.Warning, Message = "{Queue} is paused: a dependency is away; the message is kept")]
    private partial void LogPaused(Exception exception, string queue);

    [LoggerMessage(EventId = 9114, EventName = "message.dead", Level = LogLevel.Error, Message = "Message {MessageId} can never be handled: moved to the dead letters of {Queue}")]
    private partial void LogDead(Exception exception, Guid messageId, string queue);

    [LoggerMessage(EventId = 9115, EventName = "message.crashed", Level = LogLevel.Warning, Message = "The handler of message {MessageId} crashed: given back to {Queue}")]
    private partial void LogCrashed(Exception exception, Guid messageId, string queue);

    [LoggerMessage(EventId = 9118, EventName = "message.given_up", Level = LogLevel.Error, Message = "The handler of message {MessageId} crashed at delivery {Deliveries}: moved to the dead letters of {Queue}")]
    private partial void LogGivenUp(Exception exception, Guid messageId, string queue, long deliveries);

    [LoggerMessage(EventId = 9116, Level = LogLevel.Warning, Message = "A message without id was moved to the dead letters of {Queue}")]
    private partial void LogWithoutId(string queue);

    [LoggerMessage(EventId = 9117, Level = LogLevel.Information, Message = "Message {MessageId} could not be settled; {Queue} will deliver it again")]
    private partial void LogNotSettled(Exception exception, string? messageId, string queue);
}
