using System.Text.Json;
using Npgsql;
using Platform.Infrastructure.Data;

namespace Platform.Messaging;

internal enum MessageFailure
{
    /// <summary>Transient: the consumer pauses and keeps the message.</summary>
    Transient,

    /// <summary>Permanent: dead-lettered at once.</summary>
    Permanent,

    /// <summary>Unexpected: retried a limited number of times, then dead-lettered.</summary>
    Crash,
}

internal static class MessageFailureExtensions
{
    public static MessageFailure Classify(this Exception exception) =>
        exception switch
        {
            _ when DatabaseFailure.IsTransient(exception) => MessageFailure.Transient,
            TimeoutException => MessageFailure.Transient,

            // Not the message's fault: until an operator fixes it, every message would fail.
            _ when DatabaseFailure.RefusalOf(exception) is not null => MessageFailure.Transient,
            PoisonMessageException or JsonException => MessageFailure.Permanent,

            // Class 22 (data exception) and 23 (constraint violation): the same values would fail again.
            PostgresException { SqlState: ['2', '2' or '3', ..] } => MessageFailure.Permanent,
            _ => MessageFailure.Crash,
        };
}
