using System.Text.Json;
using Npgsql;
using Platform.Infrastructure.Data;

namespace Platform.Messaging;

internal enum MessageFailure
{
    /// <summary>Passes by itself: the consumer pauses with the message in hand.</summary>
    Transient,

    /// <summary>Never passes: dead letter at once.</summary>
    Permanent,

    /// <summary>Nobody foresaw it: tried again a bounded number of times, then a dead letter.</summary>
    Crash,
}

internal static class MessageFailureExtensions
{
    public static MessageFailure Classify(this Exception exception) =>
        exception switch
        {
            _ when DatabaseFailure.IsTransient(exception) => MessageFailure.Transient,
            TimeoutException => MessageFailure.Transient,

            // Not the message's fault: until a person has changed it, every one would end the same.
            _ when DatabaseFailure.RefusalOf(exception) is not null => MessageFailure.Transient,
            PoisonMessageException or JsonException => MessageFailure.Permanent,

            // Class 22 (data exception) and 23 (constraint violation): the same values will be refused again.
            PostgresException { SqlState: ['2', '2' or '3', ..] } => MessageFailure.Permanent,
            _ => MessageFailure.Crash,
        };
}
