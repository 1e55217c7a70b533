using System.Security.Cryptography;
using System.Text;
using RabbitMQ.Client;

namespace Platform.Faults.RabbitMq;

/// <summary>Another application puts a message into a queue that its consumer cannot handle. It is taken out again in the end.</summary>
public abstract class ForeignMessage(string server, IReadOnlyList<string> queues, FaultText text) : Fault(server, text)
{
    public override IReadOnlyList<string> Scopes => queues;

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        var broker = new Uri(await target.ConnectionStringAsync(cancellationToken));
        var application = $"legacy-import-{RandomNumberGenerator.GetHexString(4, lowercase: true)}";
        return [new DropMessageUndo(broker, target.Scope, $"{target.Scope}.dead", application)];
    }

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var step = undo.OfType<DropMessageUndo>().Single();
        await using var connection = await new ConnectionFactory { Uri = step.Broker }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
            cancellationToken
        );
        var properties = new BasicProperties { AppId = step.AppId, DeliveryMode = DeliveryModes.Persistent };
        var body = Describe(properties);

        // Mandatory: a queue that is not there is an exception.
        await channel.BasicPublishAsync("", target.Scope, mandatory: true, properties, Encoding.UTF8.GetBytes(body), cancellationToken);
        return null;
    }

    /// <summary>Fills in the properties.</summary>
    /// <returns>The body.</returns>
    protected abstract string Describe(BasicProperties properties);
}

/// <summary>A message that no consumer can read.</summary>
public sealed class PoisonMessage(string server, IReadOnlyList<string> queues, string usersFeel)
    : ForeignMessage(
        server,
        queues,
        new FaultText(
            "poison-message",
            "Poison message",
            "MailError",
            usersFeel,
            "One consumer span with a JsonException and one issue; the message is a dead letter. Where the consumer tries "
                + "it for ever, its spans "
                + "repeat with one message id, and the queue behind it grows."
        )
    )
{
    protected override string Describe(BasicProperties properties)
    {
        properties.MessageId = Guid.CreateVersion7().ToString();
        properties.ContentType = "application/json";
        return """{"orderId":"01f3-truncat""";
    }
}

/// <summary>A message as an old application sends it: without id, type or trace context.</summary>
public sealed class MessageWithoutHeaders(string server, IReadOnlyList<string> queues, string usersFeel)
    : ForeignMessage(
        server,
        queues,
        new FaultText(
            "message-without-headers",
            "Message without headers",
            "MailUnread",
            usersFeel,
            "A log line of a message without an id and no span for it; the message is a dead letter."
        )
    )
{
    protected override string Describe(BasicProperties properties) => "{}";
}
