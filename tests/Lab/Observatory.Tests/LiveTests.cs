using System.Text.RegularExpressions;

namespace Platform.Observatory.Tests;

/// <summary>What the script for live updates needs of a page.</summary>
public sealed partial class LiveTests
{
    [Theory]
    [InlineData("/", true)]
    [InlineData("/map", true)]
    [InlineData("/traces", true)]
    [InlineData("/logs", true)]
    [InlineData("/?from=10:00&to=10:01", false)]
    [InlineData("/map?from=10:00&to=10:01", false)]
    [InlineData("/traces?from=10:00&to=10:01", false)]
    [InlineData("/logs?from=10:00&to=10:01", false)]
    [InlineData("/issues", false)]
    public async Task Page_WithAMovingRange_IsRefreshed(string path, bool expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        Assert.Equal(expected, (await GetAsync(process, path)).Contains(" data-refresh", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/map")]
    [InlineData("/traces")]
    [InlineData("/logs")]
    public async Task Page_EveryLivePart_HasAnIdOfItsOwn(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Telemetry.Span(1));
        await Send.LogsAsync(process, "orders", Telemetry.Log("one"));

        var parts = LivePart()
            .Matches(await GetAsync(process, path + (path is "/" or "/map" ? "?range=all" : "")))
            .Select(match => match.Groups[1].Value)
            .ToList();

        Assert.Equal(parts.Distinct(), parts);
        Assert.DoesNotContain("", parts);
    }

    [Fact]
    public async Task List_WithMatches_ExposesTheirCountToTheScript()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Telemetry.Span(1), Telemetry.Span(2, trace: "00000000000000000000000000000abc"));

        Assert.Contains("data-count=\"2\" hidden", await GetAsync(process, "/traces"), StringComparison.Ordinal);
        Assert.Contains(
            "data-tail=\"/logs/live?severity=error\" hidden",
            await GetAsync(process, "/logs?severity=error&range=all"),
            StringComparison.Ordinal
        );
    }

    private static Task<string> GetAsync(ObservatoryProcess process, string path) =>
        process.Http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    [GeneratedRegex("<(?:section|div)(?: class=\"[^\"]*\")?(?: id=\"([^\"]*)\")? data-live")]
    private static partial Regex LivePart();
}
