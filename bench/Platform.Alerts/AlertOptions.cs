using Platform.Bench;

namespace Platform.Alerts;

/// <summary>What a run does.</summary>
internal sealed record AlertOptions
{
    private const string Usage = "Platform.Alerts [quiet|critical|others] [--minutes 30]";

    private static readonly string[] Modes = ["quiet", "critical", "others"];

    /// <summary>quiet: no fault; critical: what pages, with the rules' own times; others: the rest, with short ones.</summary>
    public required string Mode { get; init; }

    /// <summary>How long a quiet run lasts.</summary>
    public int Minutes { get; private init; } = 30;

    public static AlertOptions? Parse(string[] args, out string error)
    {
        var mode = args.FirstOrDefault() ?? "";
        if (!Modes.Contains(mode))
        {
            error = $"{mode} is not understood.\n{Usage}";
            return null;
        }

        var options = Arguments.Read(
            args[1..],
            new AlertOptions { Mode = mode },
            (known, name, number) => name == "--minutes" && number <= 24 * 60 ? known with { Minutes = number } : null,
            out error
        );
        error += options is null ? $"\n{Usage}" : "";
        return options;
    }
}
