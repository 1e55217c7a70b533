using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>
/// Aspire's dashboard is the front door: it shows what runs and what Observatory has passed on, and leads to Observatory and back.
/// </summary>
public sealed class AspireDashboardTests(PlatformFixture platform, Browser browser) : PlatformTest(platform), IClassFixture<Browser>
{
    [Fact]
    public async Task Resources_OfThePlatform_AreShownRunning()
    {
        var page = await browser.OpenAspireAsync(Platform);

        foreach (
            var name in PlatformFixture.Services.Concat(["postgres", "ordersdb", "redis", "rabbitmq", "observatory", "acquirer", "llm"])
        )
        {
            await Assertions.Expect(Row(page, name)).ToContainTextAsync("Running");
        }
    }

    [Theory]
    [InlineData("orders", "Its traces", "/traces?resource=orders", "Traces")]
    [InlineData("worker", "Its issues", "/issues?service=worker", "Issues")]
    [InlineData("observatory", "Observatory", "/", "Overview")]
    public async Task Link_OfAResource_OpensThatPageOfObservatorySignedIn(string resource, string link, string address, string heading)
    {
        var page = await browser.OpenAspireAsync(Platform);

        var opened = await page.Context.RunAndWaitForPageAsync(() =>
            Row(page, resource).GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).ClickAsync()
        );

        await Assertions.Expect(opened.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(heading);
        Assert.Equal(address, new Uri(opened.Url).PathAndQuery);
    }

    [Fact]
    public async Task Trace_OfAnOrder_IsTheSameInBothDashboardsAndALinkAway()
    {
        var shopper = await Platform.Shop.SignInAsync("harbor", "harbor-u11", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await Platform.Telemetry.WaitForTraceAsync(order.TraceId, OneTrace.LooksComplete, "the trace is complete", Cancellation);

        // Some leaves come later, at both.
        var aspires = TelemetryClient.Of(Platform.App, Platform.DashboardApiKey);
        await Eventually.TrueAsync(
            async () =>
                Ids(await Platform.Telemetry.TraceAsync(order.TraceId, Cancellation))
                    .SequenceEqual(Ids(await aspires.TraceAsync(order.TraceId, Cancellation))),
            "both dashboards have the same spans"
        );
        var page = await browser.OpenAsync(Platform);
        await page.GotoAsync($"/traces/{order.TraceId}");
        var link = page.Locator($"a[href$='/traces/detail/{order.TraceId}']").First;
        await Assertions.Expect(link).ToBeVisibleAsync();
    }

    private static IEnumerable<string> Ids(IReadOnlyList<Span> spans) => spans.Select(span => span.SpanId).Order(StringComparer.Ordinal);

    private static ILocator Row(IPage page, string name) =>
        page.GetByRole(AriaRole.Row).Filter(new() { Has = page.GetByText(new Regex($"^\\s*{name}\\s*$")) }).First;
}
