using Npgsql;

namespace Platform.Messaging;

/// <summary>
/// Handles one message type of one queue, inside the transaction that inserts the inbox row. It records what is due and calls no other
/// process, so that a slow company never holds a transaction open. It does not catch to keep the queue moving: the consumer classifies
/// failures.
/// </summary>
public interface IMessageHandler<in TMessage>
{
    Task HandleAsync(TMessage message, NpgsqlConnection connection, CancellationToken cancellationToken);
}

/// <summary>The message can never be processed: dead-letter it at once.</summary>
public sealed class PoisonMessageException(string message) : Exception(message);

/// <summary>
/// Metrics and logs of an outcome. Runs once after the commit, or never, because a redelivered message would count twice.
/// </summary>
public sealed class AfterCommit
{
    private readonly List<Action> _actions = [];

    public void Do(Action action) => _actions.Add(action);

    internal void Run()
    {
        foreach (var action in _actions)
        {
            action();
        }
    }
}
