using Npgsql;

namespace Platform.Messaging;

/// <summary>
/// Handles one message type of one queue. Runs inside the transaction that also inserts the inbox row: it writes down what is due and
/// calls no other process, so that a slow company never holds a transaction open. It never catches to keep the queue moving: the
/// consumer classifies the failure.
/// </summary>
public interface IMessageHandler<in TMessage>
{
    Task HandleAsync(TMessage message, NpgsqlConnection connection, CancellationToken cancellationToken);
}

/// <summary>The message can never be handled, however often it comes: it goes to the dead letters at once.</summary>
public sealed class PoisonMessageException(string message) : Exception(message);

/// <summary>
/// What a handler counts or logs as an outcome: run once after the commit, and never when there is none. A delivery that comes again would
/// count twice otherwise.
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
