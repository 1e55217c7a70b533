using System.Net.Sockets;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Platform.Messaging;

/// <summary>Distinguishes a broker outage, which passes, from a refusal, which lasts until an operator changes something.</summary>
internal static class BrokerFailure
{
    /// <summary>An outage of the broker or the database.</summary>
    public static Outage Outage() =>
        new(
            exception => IsBroker(exception) || DatabaseFailure.IsTransient(exception),
            exception => RefusalOf(exception) ?? DatabaseFailure.RefusalOf(exception)
        );

    /// <summary>
    /// Failures of the connection, its channels and calls in flight. The client cancels and disposes what was in flight on a lost
    /// connection.
    /// </summary>
    public static bool IsBroker(Exception exception) =>
        exception
            is RabbitMQClientException
                or IOException
                or SocketException
                or TimeoutException
                or ObjectDisposedException
                or OperationCanceledException;

    /// <summary>The broker closed the channel because of one request: a missing exchange, too large a body.</summary>
    public static bool IsOfOneRequest(Exception exception) =>
        exception
            is OperationInterruptedException
            {
                ShutdownReason.ReplyCode: Constants.NotFound or Constants.PreconditionFailed or Constants.ContentTooLarge,
            };

    /// <summary>The queue or exchange exists with different arguments.</summary>
    public static bool HasOtherArguments(OperationInterruptedException exception) =>
        exception.ShutdownReason is { ReplyCode: Constants.PreconditionFailed, ReplyText: { } text }
        && text.Contains("inequivalent arg", StringComparison.Ordinal);

    /// <summary>What an operator must fix; null for a transient failure.</summary>
    public static string? RefusalOf(Exception exception) =>
        exception switch
        {
            PossibleAuthenticationFailureException => "RabbitMQ refuses the login: check user and password of the connection string",
            OperationInterruptedException other when HasOtherArguments(other) =>
                "a queue or exchange exists with other arguments than this service declares: "
                    + "send its letters again and delete it, or change the service "
                    + $"({other.ShutdownReason!.ReplyText})",
            OperationInterruptedException { ShutdownReason: { ReplyCode: Constants.PreconditionFailed, ReplyText: { } text } }
                when text.Contains("queue limit in vhost", StringComparison.Ordinal) =>
                $"RabbitMQ takes no more queues: raise the virtual host's limit, or delete a queue that nobody needs ({text})",
            OperationInterruptedException { ShutdownReason: { ReplyCode: Constants.AccessRefused or Constants.NotAllowed } reason } =>
                $"RabbitMQ does not allow it: check the virtual host and the user's permissions ({reason.ReplyText})",
            AggregateException aggregate => aggregate.InnerExceptions.Select(RefusalOf).FirstOrDefault(refusal => refusal is not null),
            { InnerException: { } inner } => RefusalOf(inner),
            _ => null,
        };
}
