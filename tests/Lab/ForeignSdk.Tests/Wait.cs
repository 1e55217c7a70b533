using System.Text.Json.Nodes;
using Platform.Observatory.Tests;

namespace Platform.ForeignSdk.Tests;

/// <summary>Polls Observatory until it shows what is expected, or fails with the last response.</summary>
internal static class Wait
{
    public static Task<JsonNode> ForAsync(ObservatoryProcess observatory, string path, Func<JsonNode, bool> holds) =>
        Eventually.GetAsync(() => observatory.GetJsonAsync(path), holds, $"{path} shows it");

    /// <summary>The only issue, once it was seen this often.</summary>
    public static async Task<JsonNode> ForIssueAsync(ObservatoryProcess observatory, int count)
    {
        var list = await ForAsync(
            observatory,
            "/api/issues",
            seen => seen["issues"]!.AsArray().Sum(issue => (int)issue!["count"]!) >= count
        );
        var issue = Assert.Single(list["issues"]!.AsArray())!;
        Assert.Equal(count, (int)issue["count"]!);
        return issue;
    }

    /// <summary>The only event of the only issue.</summary>
    public static async Task<JsonNode> ForEventAsync(ObservatoryProcess observatory)
    {
        var issue = await ForIssueAsync(observatory, 1);
        var events = await observatory.GetJsonAsync($"/api/issues/{issue["id"]}/events");
        return Assert.Single(events["events"]!.AsArray())!;
    }
}
