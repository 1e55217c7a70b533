using System.Globalization;

namespace Platform.Bench;

/// <summary>What a run does.</summary>
internal sealed record BenchOptions
{
    private const string Usage = "Platform.Bench [--orders 1000] [--rounds 4] [--shoppers 8] [--minutes 15]";

    /// <summary>Orders of one turn, that of the warm-up as well.</summary>
    public int Orders { get; private init; } = 1_000;

    /// <summary>Turns with telemetry and as many without.</summary>
    public int Rounds { get; private init; } = 4;

    /// <summary>Orders that are on the way to the gateway at one time.</summary>
    public int Shoppers { get; private init; } = 8;

    /// <summary>The run ends here whatever it waits for.</summary>
    public int Minutes { get; private init; } = 15;

    public static bool TryParse(string[] args, out BenchOptions options, out string error)
    {
        options = new BenchOptions();
        error = "";

        for (var index = 0; index < args.Length; index += 2)
        {
            if (index + 1 == args.Length
                || !int.TryParse(args[index + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is 0 or > 100_000
                || With(options, args[index], number) is not { } changed)
            {
                error = $"{args[index]} is not understood.\n{Usage}";
                return false;
            }

            options = changed;
        }

        return true;
    }

    private static BenchOptions? With(BenchOptions options, string name, int number) => name switch
    {
        "--orders" => options with { Orders = number },
        "--rounds" => options with { Rounds = number },
        "--shoppers" => options with { Shoppers = number },
        "--minutes" => options with { Minutes = number },
        _ => null,
    };
}
