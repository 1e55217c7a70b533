using YamlDotNet.Serialization;

namespace Platform.Observability.Tests;

/// <summary>An alert as it is written in observability/prometheus/rules.</summary>
public sealed class AlertRule
{
    [YamlMember(Alias = "alert")]
    public string? Alert { get; set; }

    [YamlMember(Alias = "expr")]
    public string Expr { get; set; } = "";

    [YamlMember(Alias = "labels")]
    public Dictionary<string, string> Labels { get; init; } = [];

    [YamlMember(Alias = "annotations")]
    public Dictionary<string, string> Annotations { get; init; } = [];

    public override string ToString() =>
        Labels.TryGetValue("objective", out var objective) ? $"{Alert} of {objective}" : $"{Alert}, {Labels.GetValueOrDefault("impact")}";
}

internal static class AlertRules
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "observability", "prometheus");

    public static IReadOnlyList<AlertRule> Alerts { get; } =
    [
        .. Directory
            .EnumerateFiles(Path.Combine(Folder, "rules"), "*.yml")
            .Order(StringComparer.Ordinal)
            .SelectMany(file => Read<RuleFile>(file).Groups)
            .SelectMany(group => group.Rules)
            .Where(rule => rule.Alert is not null),
    ];

    public static IReadOnlyList<RuleTest> Tests { get; } =
    [.. Directory.EnumerateFiles(Path.Combine(Folder, "tests"), "*.yml").SelectMany(file => Read<TestFile>(file).Tests)];

    private static T Read<T>(string file) =>
        new DeserializerBuilder().IgnoreUnmatchedProperties().Build().Deserialize<T>(File.ReadAllText(file));

    private sealed class RuleFile
    {
        [YamlMember(Alias = "groups")]
        public List<RuleGroup> Groups { get; init; } = [];
    }

    private sealed class RuleGroup
    {
        [YamlMember(Alias = "rules")]
        public List<AlertRule> Rules { get; init; } = [];
    }

    private sealed class TestFile
    {
        [YamlMember(Alias = "tests")]
        public List<RuleTest> Tests { get; init; } = [];
    }
}

/// <summary>One case of <c>promtool test rules</c>.</summary>
internal sealed class RuleTest
{
    [YamlMember(Alias = "promql_expr_test")]
    public List<Expectation> Expectations { get; init; } = [];
}

internal sealed class Expectation
{
    [YamlMember(Alias = "expr")]
    public string Expr { get; set; } = "";

    [YamlMember(Alias = "exp_samples")]
    public List<ExpectedSample> Samples { get; init; } = [];
}

internal sealed class ExpectedSample
{
    [YamlMember(Alias = "value")]
    public double Value { get; set; }
}
