namespace Aspire.Hosting.Resolve;

/// <summary>A process as it will be started: nothing in it needs the model any more.</summary>
internal sealed record ProcessSpec
{
    public required string Executable { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public required string WorkingDirectory { get; init; }

    /// <summary>The whole environment; nothing is inherited beyond it.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The part of the environment that the model gave, for display.</summary>
    public IReadOnlyDictionary<string, string> ModelEnvironment { get; init; } = new Dictionary<string, string>();

    /// <summary>Another user to run as; only root may.</summary>
    public Run.UserAccount? User { get; init; }

    public string StopSignal { get; init; } = "TERM";

    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>What the kernel sends when the AppHost dies, however it dies.</summary>
    public string DeathSignal { get; init; } = "KILL";

    /// <summary>Helpers that live as long as the process, started before it (RabbitMQ's epmd).</summary>
    public IReadOnlyList<ProcessSpec> Companions { get; init; } = [];
}
