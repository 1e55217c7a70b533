using System.Globalization;

namespace Platform.Observatory.Bench;

/// <summary>What a run does. Durations of the run are limits, never goals.</summary>
internal sealed record BenchOptions
{
    private const string Usage = """
        Observatory.Bench [--spans 1000000] [--senders 4] [--queries 20] [--minutes 15] [--data DIRECTORY]
        Observatory.Bench fuzz [--inputs 1000000] [--seed 20261121]
        """;

    public bool Fuzz { get; private init; }

    /// <summary>How many are sent, and how many the store may hold.</summary>
    public int Spans { get; private init; } = 1_000_000;

    /// <summary>Concurrent requests.</summary>
    public int Senders { get; private init; } = 4;

    /// <summary>Repetitions of each query; those of single traces are ten times as many.</summary>
    public int Queries { get; private init; } = 20;

    /// <summary>Time limit of the run.</summary>
    public int Minutes { get; private init; } = 15;

    /// <summary>Where the history goes; the default is a temporary folder, deleted at the end.</summary>
    public string? Data { get; private init; }

    public int Inputs { get; private init; } = 1_000_000;

    public int Seed { get; private init; } = 20261121;

    public static bool TryParse(string[] args, out BenchOptions options, out string error)
    {
        options = new BenchOptions { Fuzz = args is ["fuzz", ..] };
        error = "";

        for (var index = options.Fuzz ? 1 : 0; index < args.Length; index += 2)
        {
            if (index + 1 == args.Length || With(options, args[index], args[index + 1]) is not { } changed)
            {
                error = $"{args[index]} is not understood.\n{Usage}";
                return false;
            }

            options = changed;
        }

        return true;
    }

    private static BenchOptions? With(BenchOptions options, string name, string value) =>
        name == "--data" ? options with { Data = value }
        : !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0 ? null
        : name switch
        {
            "--spans" => options with { Spans = number },
            "--senders" => options with { Senders = number },
            "--queries" => options with { Queries = number },
            "--minutes" => options with { Minutes = number },
            "--inputs" => options with { Inputs = number },
            "--seed" => options with { Seed = number },
            _ => null,
        };
}
