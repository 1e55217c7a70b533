namespace Platform.Bench;

/// <summary>What a run does.</summary>
internal sealed record BenchOptions
{
    private const string Usage = "Platform.Bench [--orders 1000] [--rounds 4] [--shoppers 8] [--minutes 15]";

    /// <summary>Orders per turn, including the warm-up.</summary>
    public int Orders { get; private init; } = 1_000;

    /// <summary>Turns with telemetry, and the same number without.</summary>
    public int Rounds { get; private init; } = 4;

    /// <summary>Concurrent orders.</summary>
    public int Shoppers { get; private init; } = 8;

    /// <summary>Time limit of the run.</summary>
    public int Minutes { get; private init; } = 15;

    public static BenchOptions? Parse(string[] args, out string error)
    {
        var options = Arguments.Read(args, new BenchOptions(), With, out error);
        error += options is null ? $"\n{Usage}" : "";
        return options;
    }

    private static BenchOptions? With(BenchOptions options, string name, int number) =>
        name switch
        {
            "--orders" => options with { Orders = number },
            "--rounds" => options with { Rounds = number },
            "--shoppers" => options with { Shoppers = number },
            "--minutes" => options with { Minutes = number },
            _ => null,
        };
}
