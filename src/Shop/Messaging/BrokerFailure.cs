using System.Net.Sockets;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Platform.Messaging;

/// <summary>Tells a broker that is away for a while from one that refuses us, and will go on to until a person changes something.</summary>
internal static class BrokerFailure
{
    /// <summary>Of the broker, or of the database beside it.</summary>
    public static Outage Outage() =>
        new(
            exception => IsBroker(exception) || DatabaseFailure.IsTransient(exception),
            exception => RefusalOf(exception) ?? DatabaseFailure.RefusalOf(exception)
        );

    /// <summary>
    /// Failures of the connection, its channels and what was under way on them. The client also cancels and disposes by itself what was
    /// under way on a connection that it lost.
    /// </summary>
    public static bool IsBroker(Exception exception) =>
        exception
            is RabbitMQClientException
                or IOException
                or SocketException
                or TimeoutException
                or ObjectDisposedException
                or OperationCanceledException;

    /// <summary>
    /// The broker closed the channel over one thing that was asked of it: an exchange that is not there, too large a body.
    /// </summary>
    public static bool IsOfOneRequest(Exception exception) =>
        exception
            is OperationInterruptedException
            {
                ShutdownReason.ReplyCode: Constants.NotFound or Constants.PreconditionFailed or Constants.ContentTooLarge,
            };

    /// <summary>A queue or exchange is there, with other arguments than were declared.</summary>
    public static bool HasOtherArguments(OperationInterruptedException exception) =>
        exception.ShutdownReason is { ReplyCode: Constants.PreconditionFailed, ReplyText: { } text }
        && text.Contains("inequivalent arg", StringComparison.Ordinal);

    /// <summary>What a person must change; null when the failure passes by itself.</summary>
    public static string? RefusalOf(Exception exception) =>
        exception switch
        {
            PossibleAuthenticationFailureException => "RabbitMQ refuses the login: check user and password of the connection string",
            OperationInterruptedException other when HasOtherArguments(other) =>
                "a queue or exchange exists with other arguments than this service declares: "
                    + "send its letters again and delete it, or change the service "
                    + $"({other.ShutdownReason!.ReplyText})",
            OperationInterruptedException { ShutdownReason: { ReplyCode: Constants.AccessRefused or Constants.NotAllowed } reason } =>
                $"RabbitMQ does not allow it: check the virtual host and the user's permissions ({reason.ReplyText})",
            AggregateException aggregate => aggregate.InnerExceptions.Select(RefusalOf).FirstOrDefault(refusal => refusal is not null),
            { InnerException: { } inner } => RefusalOf(inner),
            _ => null,
        };
}
