using Platform.Bench;

namespace Platform.Alerts;

/// <summary>What a run does.</summary>
internal sealed record AlertOptions
{
    private const string Usage = "Platform.Alerts quiet [--minutes 30] | critical [ALERT ...] | others [ALERT ...]";

    private static readonly string[] Modes = ["quiet", "critical", "others"];

    /// <summary>quiet: no fault; critical: what pages, with the rules' own times; others: the rest, with short ones.</summary>
    public required string Mode { get; init; }

    /// <summary>How long a quiet run lasts.</summary>
    public int Minutes { get; private init; } = 30;

    /// <summary>What is broken, one after the other; none in a quiet run.</summary>
    public Phase[] Phases { get; private init; } = [];

    public static AlertOptions? Parse(string[] args, out string error)
    {
        var mode = args.FirstOrDefault() ?? "";
        if (!Modes.Contains(mode))
        {
            error = $"{mode} is not understood.\n{Usage}";
            return null;
        }

        if (mode != "quiet")
        {
            var phases = mode == "critical" ? Phase.Critical : Phase.Others;
            var unknown = args[1..].Except(phases.SelectMany(phase => phase.Alerts)).ToList();
            error = unknown.Count == 0 ? "" : $"No fault is there for: {string.Join(", ", unknown)}.\n{Usage}";
            return unknown.Count > 0
                ? null
                : new AlertOptions
                {
                    Mode = mode,
                    Phases = args.Length == 1 ? phases : [.. phases.Where(phase => phase.Alerts.Intersect(args[1..]).Any())],
                };
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
