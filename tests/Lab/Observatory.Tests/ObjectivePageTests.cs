using System.Net;

namespace Platform.Observatory.Tests;

public sealed class ObjectivePageTests
{
    private const string Valid = """
        objectives:
          - { name: answered, title: Orders answered, says: Nobody gets an error., impact: blocked, team: shop, target: 99.9, view: /traces,
              total: 'rate(all[$window])', bad: 'rate(bad[$window])' }
          - { name: fresh, title: Fulfilled in time, says: It comes soon., impact: delayed, team: shop, target: 99, view: /map,
              late: age > bool 30 }
        policy:
          - { left: 100, do: 'Go on.' }
          - { left: 0, do: 'Stop.' }
        """;

    /// <summary>What Prometheus answers is what 2.42 answered, shortened.</summary>
    [Fact]
    public async Task Page_WithFigures_SaysWhatIsLeftHowLongItLastsAndWhatToDo()
    {
        await using var prometheus = await JsonServer.StartAsync(
            "/api/v1/alerts",
            """{"status":"success","data":{"alerts":[]}}""",
            "/api/v1/query",
            """
            {"status":"success","data":{"resultType":"vector","result":[
              {"metric":{"__name__":"objective:bad:ratio_rate28d","objective":"answered"},"value":[1795860000,"0.0004"]},
              {"metric":{"__name__":"objective:budget_left:ratio","objective":"answered"},"value":[1795860000,"0.6"]},
              {"metric":{"__name__":"objective:burn:rate1h","objective":"answered"},"value":[1795860000,"33.6"]},
              {"metric":{"__name__":"objective:bad:ratio_rate28d","objective":"fresh"},"value":[1795860000,"0.03"]},
              {"metric":{"__name__":"objective:budget_left:ratio","objective":"fresh"},"value":[1795860000,"-2"]},
              {"metric":{"__name__":"objective:burn:rate1h","objective":"fresh"},"value":[1795860000,"NaN"]}]}}
            """,
            "/api/v1/query_range",
            """{"status":"success","data":{"resultType":"matrix","result":[]}}"""
        );
        await using var process = await StartAsync(Valid, $"--Observatory:PrometheusUrl={prometheus.Address}");

        var page = await PageAsync(process, "99.96");
        var api = await process.GetJsonAsync("/api/objectives");

        Assert.Matches(@"gone in 12\sh", page);
        Assert.Contains("Go on.", page, StringComparison.Ordinal);
        Assert.Matches(@"(?s)Fulfilled in time.*97.*3 budgets spent.*Stop\..*delayed", page);
        Assert.Equal(0.6, api["objectives"]![0]!["budgetLeft"]!.GetValue<double>());
        Assert.Null(api["objectives"]![1]!["burn"]);

        await prometheus.DisposeAsync();
        Assert.Contains("99.96", await PageAsync(process, "Prometheus does not answer"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OfABrokenFile_SaysFileAndLine_AndObservatoryLives()
    {
        await using var process = await StartAsync(Valid.Replace("target: 99.9", "target: 101", StringComparison.Ordinal));

        Assert.Contains(
            "objectives.yml:2: target must be a percentage",
            await PageAsync(process, "No objectives"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Overview",
            await process.Http.GetStringAsync("/", TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Page_WithoutAFile_SaysWhatToSet()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        await PageAsync(process, "Observatory:ObjectivesFile");
    }

    private static async Task<ObservatoryProcess> StartAsync(string text, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("objectives-").FullName;
        var file = Path.Combine(folder, "objectives.yml");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        return await ObservatoryProcess.StartAsync([$"--Observatory:ObjectivesFile={file}", .. settings]);
    }

    private static Task<string> PageAsync(ObservatoryProcess process, string expected) =>
        Eventually.GetAsync(
            async () => WebUtility.HtmlDecode(await process.Http.GetStringAsync("/objectives", TestContext.Current.CancellationToken)),
            page => page.Contains(expected, StringComparison.Ordinal),
            $"the page says {expected}"
        );
}
