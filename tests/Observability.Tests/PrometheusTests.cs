namespace Platform.Observability.Tests;

/// <summary>Prometheus' configuration: valid, and each alert fires when it should and only then.</summary>
public sealed class PrometheusTests
{
    private static readonly string[] Severities = ["critical", "warning", "info"];
    private static readonly string[] Impacts = ["blocked", "delayed", "none"];
    private static readonly string[] Teams = ["shop", "platform"];

    // Those that Observatory makes itself.
    private static readonly string[] Own = ["CallsFailing", "CallsSlow", "NewIssue", "RequestsFailing", "RequestsSlow", "SpikingIssue"];

    public static TheoryData<AlertRule> Alerts => [.. AlertRules.Alerts];

    [Fact]
    public async Task Configuration_OfTheFolder_IsValid()
    {
        // What it names in targets/ and secrets/ is written by the AppHost.
        var (code, output) = await Tool.RunAsync(AlertRules.Folder, "promtool", "check", "config", "--syntax-only", "prometheus.yml");
        var (rulesCode, rulesOutput) = await Tool.RunAsync(
            AlertRules.Folder,
            "promtool",
            ["check", "rules", .. Directory.EnumerateFiles(Path.Combine(AlertRules.Folder, "rules"))]
        );

        Assert.True(code == 0, output);
        Assert.True(rulesCode == 0, rulesOutput);
    }

    [Fact]
    public async Task Configuration_WithABrokenRule_IsRefusedWithFileAndLine()
    {
        var folder = Directory.CreateTempSubdirectory("rules-").FullName;
        try
        {
            var file = Path.Combine(folder, "broken.yml");
            var text = await File.ReadAllTextAsync(
                Path.Combine(AlertRules.Folder, "rules", "alerts.yml"),
                TestContext.Current.CancellationToken
            );
            await File.WriteAllTextAsync(
                file,
                text.Replace("        expr: pg_up", "        exprs: pg_up", StringComparison.Ordinal),
                TestContext.Current.CancellationToken
            );

            var (code, output) = await Tool.RunAsync(folder, "promtool", "check", "rules", file);

            Assert.NotEqual(0, code);
            Assert.Matches(@"broken\.yml: .*line \d+: field exprs not found", output.ReplaceLineEndings(" "));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Rules_WithTheirCases_FireAndStaySilent()
    {
        var (code, output) = await Tool.RunAsync(
            Path.Combine(AlertRules.Folder, "tests"),
            "promtool",
            ["test", "rules", .. Directory.EnumerateFiles(Path.Combine(AlertRules.Folder, "tests"))]
        );

        Assert.True(code == 0, output);
    }

    [Theory]
    [MemberData(nameof(Alerts))]
    public void Alert_OfTheRules_HasACaseInBothDirections(AlertRule alert)
    {
        var cases = AlertRules
            .Tests.SelectMany(test => test.Expectations)
            .Where(expectation => expectation.Expr.Contains($"alertname=\"{alert.Alert}\"", StringComparison.Ordinal))
            .Select(expectation => expectation.Samples.Single().Value)
            .ToHashSet();

        // The watchdog is never silent.
        Assert.Equal(alert.Alert == "Watchdog" ? [1] : [0, 1], cases.Order());
    }

    [Theory]
    [MemberData(nameof(Alerts))]
    public void Alert_OfTheRules_SaysHowBadForWhomWhoseAndWhatToDo(AlertRule alert)
    {
        Assert.Contains(alert.Labels["severity"], Severities);
        Assert.Contains(alert.Labels["impact"], Impacts);
        Assert.Contains(alert.Labels["team"], Teams);
        Assert.NotEmpty(alert.Annotations["summary"]);
        Assert.EndsWith(".", alert.Annotations["impact"], StringComparison.Ordinal);
        Assert.StartsWith("/", alert.Annotations["view"], StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Repository.Root, alert.Annotations["runbook"])), alert.Annotations["runbook"]);
        Assert.Equal($"docs/runbooks/{alert.Alert}.md", alert.Annotations["runbook"]);

        // Somebody is woken for what users feel, and for nothing else.
        Assert.True(alert.Labels["severity"] != "critical" || alert.Labels["impact"] != "none", $"{alert} wakes somebody for nothing.");
    }

    [Fact]
    public void Runbooks_OfTheFolder_BelongToAnAlert() =>
        Assert.Equal(
            AlertRules.Alerts.Select(alert => alert.Alert!).Concat(Own).Distinct().Order(StringComparer.Ordinal),
            Directory
                .EnumerateFiles(Path.Combine(Repository.Root, "docs", "runbooks"), "*.md")
                .Select(Path.GetFileNameWithoutExtension)
                .Where(name => name != "README")
                .Order(StringComparer.Ordinal)
        );

    /// <summary>An average hides who waits; and a quantile of instances is none of the service.</summary>
    [Fact]
    public async Task Rules_OfTheFolder_AverageNoLatencyAndNoQuantile()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AlertRules.Folder, "rules")))
        {
            var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            Assert.DoesNotContain("duration_seconds_sum", text, StringComparison.Ordinal);
            Assert.DoesNotMatch(@"avg\w*\s*(by \([^)]*\))?\s*\(\s*histogram_quantile", text);
        }
    }
}
