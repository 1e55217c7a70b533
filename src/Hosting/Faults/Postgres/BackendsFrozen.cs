using Aspire.Hosting.ApplicationModel;
using Npgsql;
using Platform.Faults.Processes;

namespace Platform.Faults.Postgres;

/// <summary>The server's processes of some sessions are frozen: they hold what they hold, and answer nothing.</summary>
public sealed class BackendsFrozen(string server, IReadOnlyList<string> databases, string usersFeel)
    : Fault(
        server,
        new FaultText(
            "backends-frozen",
            "Backends frozen",
            "PersonProhibited",
            usersFeel,
            "Some statements take until their time-out, others of the same text are as fast as always; what a frozen "
                + "session has locked stays locked."
        )
    )
{
    public override Strength Strength => new("Sessions", "1", 1, 40, 5);

    public override IReadOnlyList<string> Scopes => databases;

    public override bool EndsWithResource => true;

    public override string? WhyNot(IResource target) =>
        target is ContainerResource ? "The server is a container: its processes are not those of this machine." : null;

    public override async Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create($"{await target.ConnectionStringAsync(cancellationToken)};Database=postgres");

        // Those that worked last, because a pool hands them out first.
        await using var find = source.CreateCommand(
            """
            SELECT pid FROM pg_stat_activity
            WHERE datname = $1 AND backend_type = 'client backend'
            ORDER BY state_change DESC LIMIT $2
            """
        );
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = target.Scope });
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)target.Strength });
        var steps = new List<UndoStep>();
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (Signals.StartTicksOf(reader.GetInt32(0)) is { } start)
            {
                steps.Add(new SignalUndo(reader.GetInt32(0), start));
            }
        }

        return steps.Count > 0 ? steps : throw new FaultException($"Nobody is connected to {target.Scope}.");
    }

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        foreach (var backend in undo.OfType<SignalUndo>())
        {
            await Signals.StopAsync(backend.ProcessId, cancellationToken);
        }

        return null;
    }
}
