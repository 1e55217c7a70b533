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

/// <summary>What is shown of a dead letter, a parked message or parked work: enough to find its trace, nothing of its content.</summary>
/// <param name="Queue">The queue it came from; for a parked message its exchange, for work its table.</param>
/// <param name="MessageId">The message id; for work the primary key of the row.</param>
/// <param name="RoutingKey">Its routing key; null for work.</param>
/// <param name="Reason">The broker's reason (rejected, delivery_limit), or <see cref="Parked"/>.</param>
/// <param name="Traceparent">Its trace.</param>
/// <param name="Size">Bytes of its body; null for work.</param>
public sealed record DeadLetter(string Queue, string? MessageId, string? RoutingKey, string? Reason, string? Traceparent, int? Size)
{
    internal const string Parked = "parked";
}

/// <summary>
/// Lists and resends messages that are no longer retried: dead letters and parked outbox rows. Parked due work is included.
/// </summary>
public sealed class DeadLetters : IDisposable
{
    /// <summary>Limit of one call, per queue.</summary>
    public const int Limit = 1000;

    // Listing and resending exclude each other: both hold the messages they fetch.
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
    /// Fetches messages and requeues them, which only raises the broker's delivery count. Our queues have no delivery limit; one declared
    /// by an older version may.
    /// </summary>
    public Task<IReadOnlyList<DeadLetter>> ListAsync(CancellationToken cancellationToken) =>
        ExclusivelyAsync<IReadOnlyList<DeadLetter>>(
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
                        // They are requeued by the time the channel is closed: a later fetch comes after this in the queue's log.
                        await channel.BasicNackAsync(lastTag, multiple: true, requeue: true, cancellationToken);
                    }
                }

                return letters;
            },
            cancellationToken
        );

    /// <summary>
    /// Publishes each dead letter to the queue it came from, with its id and trace, and removes it here once confirmed. Parked rows and
    /// work become due again.
    /// </summary>
    /// <returns>The number resent.</returns>
    public Task<int> SendAgainAsync(CancellationToken cancellationToken) =>
        ExclusivelyAsync(
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
                    // Only into a queue this service consumes.
                    await connection.DeclareWithoutDeadLettersAsync(queue, cancellationToken);

                    // Fetch all before resending: one that is dead-lettered again at once must not keep this loop going.
                    foreach (var letter in await TakeAsync(channel, queue, cancellationToken).ToListAsync(cancellationToken))
                    {
                        var properties = new BasicProperties(letter.BasicProperties)
                        {
                            // Only the trace is kept: the broker's x-death record would count against the new delivery.
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

    private async Task<T> ExclusivelyAsync<T>(Func<IConnection, Task<T>> action, CancellationToken cancellationToken)
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

    // A deleted queue counts as empty. One with different arguments exists and must be emptied before it is deleted.
    private static async Task EnsureAsync(IConnection connection, Queue queue, CancellationToken cancellationToken)
    {
        try
        {
            await connection.DeclareDeadLettersAsync(queue, cancellationToken);
        }
        catch (OperationInterruptedException exception) when (BrokerFailure.HasOtherArguments(exception))
        {
            // Consumer and relay report it.
        }
    }

    // By fetching: the broker's message count of a quorum queue lags, and is zero when asking times out.
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
