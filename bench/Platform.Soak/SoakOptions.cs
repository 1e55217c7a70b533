using Platform.Bench;

namespace Platform.Soak;

/// <summary>What a run does; the same seed brings the same outages at the same times.</summary>
internal sealed record SoakOptions
{
    private const string Usage = "Platform.Soak [--minutes 30] [--rate 10] [--every 30] [--seed 1]";

    /// <summary>How long orders are placed, in minutes.</summary>
    public int Minutes { get; private init; } = 30;

    /// <summary>Orders a second.</summary>
    public int Rate { get; private init; } = 10;

    /// <summary>Seconds from the beginning of one outage to that of the next.</summary>
    public int Every { get; private init; } = 30;

    public int Seed { get; private init; } = 1;

    public static SoakOptions? Parse(string[] args, out string error)
    {
        var options = Arguments.Read(args, new SoakOptions(), With, out error);
        error += options is null ? $"\n{Usage}" : "";
        return options;
    }

    private static SoakOptions? With(SoakOptions options, string name, int number) =>
        name switch
        {
            "--minutes" when number <= 24 * 60 => options with { Minutes = number },
            "--rate" when number <= 100 => options with { Rate = number },
            "--every" when number >= 10 => options with { Every = number },
            "--seed" => options with { Seed = number },
            _ => null,
        };
}
