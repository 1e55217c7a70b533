namespace Platform.Observatory.Otlp;

/// <summary>The names of OTLP's severity numbers, of which each has four: 17 to 20 are error.</summary>
internal static class Severities
{
    private const int Step = 4;
    private static readonly string[] Names = ["trace", "debug", "information", "warning", "error", "critical"];

    public static (int Lowest, int Highest)? Of(string name)
    {
        var index = Array.IndexOf(
            Names,
            name.ToLowerInvariant() switch
            {
                "info" => "information",
                "warn" => "warning",
                "fatal" => "critical",
                var other => other,
            }
        );
        return index < 0 ? null : ((index * Step) + 1, (index + 1) * Step);
    }

    /// <summary>Null for a number that OTLP does not have; 0 means that the sender named none.</summary>
    public static string? NameOf(int severity) => severity is >= 1 and <= 24 ? Names[(severity - 1) / Step] : null;
}
