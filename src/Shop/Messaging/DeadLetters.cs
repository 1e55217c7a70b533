using System.Runtime.CompilerServices;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Platform.Contracts;
using Platform.Infrastructure.Jobs;
using Platform.ServiceDefaults;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Platform.Messaging;

/// <summary>
/// What is shown of a dead letter, a parked message or parked work: all that helps to find its trace, and nothing of its content.
/// </summary>
/// <param name="Queue">Where it was delivered from; of a parked message the exchange that it never reached, of work its table.</param>
/// <param name="MessageId">Its id, as sent; of work the key of its row.</param>
/// <param name="RoutingKey">Its routing key; null for work.</param>
/// <param name="Reason">The broker's word (rejected, delivery_limit), or <see cref="Parked"/>.</param>
/// <param name="Traceparent">Its trace.</param>
/// <param name="Size">Bytes of its body; null for work.</param>
public sealed record DeadLetter(string Queue, string? MessageId, string? RoutingKey, string? Reason, string? Traceparent, int? Size)
{
    internal const string Parked = "parked";
}

/// <summary>
/// Looks at messages that nobody handles any more, and sends them again once their cause is mended: dead letters of the queues, and rows of
/// the outbox that the broker refused too often. With them goes due work that was given up.
/// </summary>
public sealed class DeadLetters : IDisposable
{
    /// <summary>Most letters one call looks at or sends, per queue.</summary>
    public const int Limit = 1000;

    // Who sends again while another looks would not find what that one holds.
    private readonly SemaphoreSlim _gate = new(1);
    private readonly PublishConnection _publish;
    private readonly ConsumeConnection _consume;
    private readonly NpgsqlDataSource _database;
    private readonly OutboxSignal _relay;
    private readonly IReadOnlyList<IParkedWork> _work;
    private readonly IReadOnlyList<Queue> _queues;

    internal DeadLetters(
        PublishConnection publish,
        ConsumeConnection consume,
        NpgsqlDataSource database,
        OutboxSignal relay,
        IEnumerable<ConsumedQueue> consumed,
        IEnumerable<IParkedWork> work
    )
    {
        _work = [.. work];
        (_publish, _consume, _database, _relay) = (publish, consume, database, relay);
        _queues = [.. consumed.Select(queue => queue.Queue)];
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>
    /// Letters are taken and given back, which changes nothing but the broker's count of deliveries. That has no limit here; in a queue
    /// that an older version declared it may have one.
    /// </summary>
    public Task<IReadOnlyList<DeadLetter>> ListAsync(CancellationToken cancellationToken) =>
        AloneAsync<IReadOnlyList<DeadLetter>>(
            async connection =>
            {
                var letters = new List<DeadLetter>(await ParkedAsync(cancellationToken));
                foreach (var work in _work)
                {
                    var parked = await work.Table.ParkedAsync(Limit, cancellationToken);
                    letters.AddRange(
                        parked.Select(row => new DeadLetter(
                            work.Table.Name,
                            row.Id.ToString(),
                            RoutingKey: null,
                            DeadLetter.Parked,
                            row.Traceparent,
                            Size: null
                        ))
                    );
                }

                foreach (var queue in _queues)
                {
                    await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
                    ulong lastTag = 0;
                    await foreach (var letter in TakeAsync(channel, queue, cancellationToken))
                    {
                        lastTag = letter.DeliveryTag;
                        letters.Add(
                            new DeadLetter(
                                queue.Name,
                                letter.BasicProperties.MessageId,
                                letter.RoutingKey,
                                MessageProperties.Header(letter.BasicProperties, "x-first-death-reason"),
                                MessageProperties.Header(letter.BasicProperties, "traceparent"),
                                letter.Body.Length
                            )
                        );
                    }

                    if (lastTag > 0)
                    {
                        // They are back when the channel is closed: who takes them afterwards comes behind this in the queue's log.
                        await channel.BasicNackAsync(lastTag, multiple: true, requeue: true, cancellationToken);
                    }
                }

                return letters;
            },
            cancellationToken
        );

    /// <summary>
    /// Puts each letter back into the queue it came from, with its id and trace. Published and confirmed before it is removed here. Parked
    /// rows and work are due again.
    /// </summary>
    /// <returns>How many were sent.</returns>
    public Task<int> SendAgainAsync(CancellationToken cancellationToken) =>
        AloneAsync(
            async connection =>
            {
                await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
                await using var publisher = await (await _publish.GetAsync(cancellationToken)).CreateChannelAsync(
                    new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
                    cancellationToken
                );
                var sent = await UnparkAsync(cancellationToken);
                foreach (var work in _work)
                {
                    sent += await work.Table.UnparkAsync(cancellationToken);
                }

                foreach (var queue in _queues)
                {
                    // Not into a queue that nobody here consumes.
                    await connection.DeclareWithoutDeadLettersAsync(queue, cancellationToken);

                    // All before the first is sent: one that dies again at once must not keep this loop going.
                    foreach (var letter in await TakeAsync(channel, queue, cancellationToken).ToListAsync(cancellationToken))
                    {
                        var properties = new BasicProperties(letter.BasicProperties)
                        {
                            // Only the trace goes along: the broker's record of the death would count against the new life.
                            Headers = Guid.TryParse(letter.BasicProperties.MessageId, out var id)
                                ? MessageProperties.Create(id, MessageProperties.ContextOf(letter.BasicProperties)).Headers
                                : null,
                        };
                        await publisher.BasicPublishAsync("", queue.Name, mandatory: true, properties, letter.Body, cancellationToken);
                        await channel.BasicAckAsync(letter.DeliveryTag, multiple: false, cancellationToken);
                        sent++;
                    }
                }

                return sent;
            },
            cancellationToken
        );

    private async Task<T> AloneAsync<T>(Func<IConnection, Task<T>> action, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var connection = await _consume.GetAsync(cancellationToken);
            foreach (var queue in _queues)
            {
                await EnsureAsync(connection, queue, cancellationToken);
            }

            return await action(connection);
        }
        finally
        {
            _gate.Release();
        }
    }

    // A queue that somebody deleted is empty, and no error. One with other arguments is there, and must be emptied before it is deleted.
    private static async Task EnsureAsync(IConnection connection, Queue queue, CancellationToken cancellationToken)
    {
        try
        {
            await connection.DeclareDeadLettersAsync(queue, cancellationToken);
        }
        catch (OperationInterruptedException exception) when (BrokerFailure.HasOtherArguments(exception))
        {
            // Consumer and relay say so.
        }
    }

    // By taking, since the broker's count of a quorum queue is a guess: it is behind for a moment, and zero when asking takes too long.
    private static async IAsyncEnumerable<BasicGetResult> TakeAsync(
        IChannel channel,
        Queue queue,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        for (
            var taken = 0;
            taken < Limit && await channel.BasicGetAsync(queue.DeadLetters, autoAck: false, cancellationToken) is { } letter;
            taken++
        )
        {
            yield return letter;
        }
    }

    private async Task<IEnumerable<DeadLetter>> ParkedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        return await connection.QueryAsync<DeadLetter>(
            new CommandDefinition(
                """
                SELECT exchange AS Queue, id::text AS MessageId, routing_key AS RoutingKey, @Parked AS Reason, traceparent,
                    octet_length(body) AS Size
                FROM outbox WHERE parked_at IS NOT NULL AND published_at IS NULL
                ORDER BY id
                LIMIT @Limit
                """,
                new { Limit, DeadLetter.Parked },
                cancellationToken: cancellationToken
            )
        );
    }

    private async Task<int> UnparkAsync(CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.ExecuteAsync(
            new CommandDefinition(
                """
                UPDATE outbox SET parked_at = NULL, attempts = 0, next_attempt_at = now()
                WHERE parked_at IS NOT NULL AND published_at IS NULL
                """,
                cancellationToken: cancellationToken
            )
        );
        _relay.Notify();
        return rows;
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
        group.MapGet(
            "/",
            async Task<Ok<IReadOnlyList<DeadLetter>>> (DeadLetters letters, CancellationToken cancellationToken) =>
                TypedResults.Ok(await letters.ListAsync(cancellationToken))
        );
        group.MapPost(
            "/send-again",
            async Task<Ok<SentAgain>> (DeadLetters letters, CancellationToken cancellationToken) =>
                TypedResults.Ok(new SentAgain(await letters.SendAgainAsync(cancellationToken)))
        );
    }

    private sealed record SentAgain(int Sent);
}
