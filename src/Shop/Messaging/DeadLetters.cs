using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Platform.ServiceDefaults.Management;
using RabbitMQ.Client;

namespace Platform.Messaging;

/// <summary>What is shown of a dead letter: all that helps to find its trace, and nothing of its content.</summary>
public sealed record DeadLetter(string Queue, string? MessageId, string RoutingKey, string? Reason, string? Traceparent, int Size);

/// <summary>Looks at dead letters, and sends them again once their cause is mended.</summary>
public sealed class DeadLetters
{
    /// <summary>Most letters one call looks at or sends, per queue.</summary>
    public const int Limit = 1000;

    private static readonly TimeSpan ReturnTimeout = TimeSpan.FromSeconds(2);

    private readonly BrokerConnection _broker;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<Queue> _queues;

    internal DeadLetters(BrokerConnection broker, IEnumerable<ConsumedQueue> consumed, TimeProvider time)
    {
        _broker = broker;
        _time = time;
        _queues = [.. consumed.Select(queue => queue.Queue)];
    }

    /// <summary>Letters are taken and given back: their order is kept.</summary>
    public async Task<IReadOnlyList<DeadLetter>> ListAsync(CancellationToken cancellationToken)
    {
        var connection = await _broker.GetAsync(cancellationToken);
        var letters = new List<DeadLetter>();
        foreach (var queue in _queues)
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            uint taken = 0;
            ulong lastTag = 0;
            for (; taken < Limit && await channel.BasicGetAsync(queue.DeadLetters, autoAck: false, cancellationToken) is { } letter; taken++)
            {
                lastTag = letter.DeliveryTag;
                letters.Add(new DeadLetter(
                    queue.Name, letter.BasicProperties.MessageId, letter.RoutingKey, MessageProperties.Header(letter.BasicProperties, "x-first-death-reason"),
                    MessageProperties.Header(letter.BasicProperties, "traceparent"), letter.Body.Length));
            }

            if (taken > 0)
            {
                await channel.BasicNackAsync(lastTag, multiple: true, requeue: true, cancellationToken);
                await WaitUntilReturnedAsync(channel, queue, taken, cancellationToken);
            }
        }

        return letters;
    }

    /// <summary>A quorum queue takes letters back a moment later; whoever sends them again right after looking must find them.</summary>
    private async Task WaitUntilReturnedAsync(IChannel channel, Queue queue, uint taken, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (await channel.MessageCountAsync(queue.DeadLetters, cancellationToken) < taken && _time.GetElapsedTime(started) < ReturnTimeout)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken);
        }
    }

    /// <summary>Puts each letter back into the queue it came from, with its id and trace. Published and confirmed before it is removed here.</summary>
    /// <returns>How many were sent.</returns>
    public async Task<int> SendAgainAsync(CancellationToken cancellationToken)
    {
        var connection = await _broker.GetAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        var sent = 0;
        foreach (var queue in _queues)
        {
            // No more than are there now: a letter that dies again at once must not keep this loop going.
            var waiting = Math.Min(await channel.MessageCountAsync(queue.DeadLetters, cancellationToken), Limit);
            for (var i = 0; i < waiting && await channel.BasicGetAsync(queue.DeadLetters, autoAck: false, cancellationToken) is { } letter; i++)
            {
                var properties = new BasicProperties(letter.BasicProperties)
                {
                    // Only the trace goes along: the broker's record of the death would count against the new life.
                    Headers = Guid.TryParse(letter.BasicProperties.MessageId, out var id)
                        ? MessageProperties.Create(id, MessageProperties.ContextOf(letter.BasicProperties)).Headers
                        : null,
                };
                await channel.BasicPublishAsync("", queue.Name, mandatory: true, properties, letter.Body, cancellationToken);
                await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, cancellationToken);
                sent++;
            }
        }

        return sent;
    }
}

/// <summary>A queue that this service consumes.</summary>
internal sealed record ConsumedQueue(Queue Queue);

public static class DeadLetterEndpoints
{
    /// <summary>Maps GET /dead-letters and POST /dead-letters/send-again on the management port, with the management key.</summary>
    public static void MapDeadLetters(this WebApplication app)
    {
        var group = app.MapGroup("/dead-letters").OnManagementPort().RequireManagementKey();
        group.MapGet("/", async Task<Ok<IReadOnlyList<DeadLetter>>> (DeadLetters letters, CancellationToken cancellationToken) =>
            TypedResults.Ok(await letters.ListAsync(cancellationToken)));
        group.MapPost("/send-again", async Task<Ok<SentAgain>> (DeadLetters letters, CancellationToken cancellationToken) =>
            TypedResults.Ok(new SentAgain(await letters.SendAgainAsync(cancellationToken))));
    }

    private sealed record SentAgain(int Sent);
}
