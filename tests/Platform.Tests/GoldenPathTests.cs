using System.Net.Http.Json;
using System.Text.Json;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>From a symptom to its cause and back: each address is taken from the answer before, none is put together here.</summary>
public sealed class GoldenPathTests(PlatformFixture platform) : PlatformTest(platform)
{
    [Fact]
    public async Task Walk_FromAFailingTraceToTheDeployAndBack_NeedsNoIdOfItsOwn()
    {
        // Something was deployed, and then something fails for one customer.
        await Platform.DeployAsync("orders", Cancellation);
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u08", Cancellation);
        string failing;
        await using (await Refusing.RowsAsync(Platform, "ordersdb", "orders", "'the golden path begins here'", Cancellation))
        {
            using var response = await shopper.SendOrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation);
            failing = response.Headers.GetValues("X-Trace-Id").Single();
        }

        await Platform.Telemetry.WaitForEventAsync(failing, Cancellation);

        await Platform.Telemetry.WaitForSpanAsync(failing, "POST /api/orders", Cancellation);

        // The only address that one must know: what fails now, in what order. A later alert or metric puts its own in its place.
        var trace = await Eventually.GetAsync(
            () => GetAsync($"/api/telemetry/traces/{failing}"),
            answer =>
                Links(answer).TryGetProperty("issues", out var issues)
                && issues.GetArrayLength() > 0
                && Links(answer).GetProperty("deploys").GetArrayLength() > 1,
            "the trace leads to its issue and to the deploys"
        );

        // trace → logs
        var logs = await Eventually.GetAsync(
            () => FollowAsync(trace, "logs"),
            answer => answer.ToString().Contains("the golden path begins here", StringComparison.Ordinal),
            "the failure is in the trace's records"
        );

        // logs → issue
        var issue = await GetAsync(Links(logs).GetProperty("issues").EnumerateArray().Single().Text("api")!);
        Assert.Contains("the golden path begins here", issue.GetProperty("issue").Text("value"), StringComparison.Ordinal);

        // issue → deploy
        var report = issue.GetProperty("latest");
        Assert.Equal(("orders", "grove", "grove-u08"), (report.Text("service"), report.Text("tenant"), report.Text("user")));
        var deploy = (await FollowAsync(report, "deploy")).GetProperty("deploys").EnumerateArray().Single();
        Assert.Equal(("orders", report.Text("release")), (deploy.Text("service"), deploy.Text("release")));
        Assert.NotEqual(deploy.Text("previousRelease"), deploy.Text("release"));

        // and back: deploy → issues → trace
        var issues = (await FollowAsync(deploy, "issues")).GetProperty("issues").EnumerateArray().ToList();
        var sameIssue = await GetAsync(
            Links(issues.Single(item => item.Text("id") == issue.GetProperty("issue").Text("id"))).Text("self")!
        );
        var sameTrace = await FollowAsync(sameIssue.GetProperty("latest"), "trace");
        Assert.Equal(Links(trace).Text("page"), Links(sameTrace).Text("page"));

        // deploy → failing traces
        await Eventually.GetAsync(
            () => FollowAsync(deploy, "traces"),
            answer => answer.ToString().Contains(failing, StringComparison.Ordinal),
            "the deploy leads to the trace"
        );

        // Each of them is a page for people too.
        using var browser = await Platform.Telemetry.OpenBrowserAsync(Cancellation);
        foreach (var page in new[] { Links(trace).Text("page"), Links(report).Text("page"), Links(deploy).Text("page") })
        {
            using var response = await browser.GetAsync(page, Cancellation);
            Assert.True(response.IsSuccessStatusCode, $"{page}: {(int)response.StatusCode}");
        }
    }

    /// <summary>"It was broken for me at 14:47": a user and a minute are all that support has.</summary>
    [Fact]
    public async Task Search_OfAUserAndAMoment_ShowsTheTimelineOverAllServices()
    {
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u09", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        await Platform.Telemetry.WaitForTraceAsync(order.TraceId, OneTrace.LooksComplete, "the trace is complete", Cancellation);

        foreach (var id in new[] { "grove-u09", order.RequestId, order.Id.ToString(), order.TraceId })
        {
            await Eventually.GetAsync(
                async () =>
                    (IReadOnlyList<JsonElement>)
                        [
                            .. (await GetAsync($"/api/search?q={id}&at={DateTimeOffset.UtcNow:HH:mm}&window=5m"))
                                .GetProperty("entries")
                                .EnumerateArray()
                                .Where(entry => entry.Text("traceId") == order.TraceId),
                        ],
                entries =>
                    PlatformFixture.Services.All(service => entries.Any(entry => entry.Text("service") == service))
                    && entries.Any(entry => entry.Text("signal") == "log"),
                $"{id} leads to trace {order.TraceId} in all services and signals"
            );
        }

        var elsewhere = await GetAsync($"/api/search?q=grove-u09&at={DateTimeOffset.UtcNow.AddHours(-2):yyyy-MM-ddTHH:mm}Z&window=5m");
        Assert.Empty(elsewhere.GetProperty("entries").EnumerateArray());
    }

    private async Task<JsonElement> GetAsync(string address) =>
        await Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>(address, Cancellation);

    private Task<JsonElement> FollowAsync(JsonElement answer, string link) => GetAsync(Links(answer).Text(link)!);

    private static JsonElement Links(JsonElement answer) => answer.GetProperty("links");
}
