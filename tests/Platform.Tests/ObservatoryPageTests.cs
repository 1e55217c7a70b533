using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>Observatory as an engineer uses it: a browser on the running platform, from symptom to cause by links alone.</summary>
public sealed partial class ObservatoryPageTests(PlatformFixture platform, Browser browser) : PlatformTest(platform), IClassFixture<Browser>
{
    private const string SticksOut = "e.getBoundingClientRect().right > root.clientWidth + 1";

    /// <summary>What sticks out of a page that is wider than its window, outside of the boxes that scroll by themselves.</summary>
    private const string TooWide = $$"""
        (() => {
          const root = document.documentElement;
          if (root.scrollWidth <= root.clientWidth) return '';
          const out = [...document.querySelectorAll('main *')].filter(e => !e.parentElement.closest('.scroll') && {{SticksOut}});
          const wide = [...document.querySelectorAll('body *')].filter(e => {{SticksOut}});
          return (out.length > 0 ? out : wide).slice(0, 3).map(e => e.outerHTML.slice(0, 200)).join(' | ');
        })()
        """;

    private static readonly string[] Views =
    [
        "/",
        "/map",
        "/traces",
        "/logs",
        "/issues",
        "/alerts",
        "/incidents",
        "/objectives",
        "/deploys",
        "/monitors",
        "/store",
    ];

    [Fact]
    public async Task Walk_FromTheOverviewToAFailingTraceAndItsLogs_IsByLinksAlone()
    {
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u12", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        await Platform.Telemetry.WaitForTraceAsync(order.TraceId, OneTrace.LooksComplete, "the trace is complete", Cancellation);
        var failing = await FailAsync();
        var page = await browser.OpenAsync(Platform);

        await Assertions.Expect(Heading(page)).ToHaveTextAsync("Overview");
        await NavigateAsync(page, "Service map");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("acquirer");
        await NavigateAsync(page, "Traces");
        await page.GetByLabel("with an error").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await page.Locator($"main a[href*='{failing}']").First.ClickAsync();
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync(failing);
        await page.GetByRole(AriaRole.Navigation, new() { Name = "From symptom to cause" })
            .GetByRole(AriaRole.Link)
            .Filter(new() { HasText = "Logs" })
            .ClickAsync();
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("An unhandled exception has occurred");
    }

    /// <summary>"It is slow for me": the user's id is all that is known.</summary>
    [Fact]
    public async Task Walk_FromTheMapToASlowTraceAndItsLogs_NamesTheCallThatTookTheTime()
    {
        const string User = "fjord-u11";
        var shopper = await Platform.Shop.SignInAsync("fjord", User, Cancellation);
        PlacedOrder order;
        await Platform.Acquirer.BehaveAsync("slow", Cancellation);
        try
        {
            order = await shopper.PlaceAsync(Cancellation);
            await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        }
        finally
        {
            await Platform.Acquirer.BehaveAsync("normal", Cancellation);
        }

        await Platform.Telemetry.WaitForTraceAsync(order.TraceId, OneTrace.LooksComplete, "the trace is complete", Cancellation);
        var page = await browser.OpenAsync(Platform);

        await NavigateAsync(page, "Service map");
        await page.Locator("#edges tr", new() { HasText = "payments" })
            .GetByRole(AriaRole.Link)
            .Filter(new() { HasText = "acquirer" })
            .First.ClickAsync();
        await Assertions.Expect(Heading(page)).ToHaveTextAsync("Traces");
        var search = page.Locator("main").GetByLabel("Search");
        await search.FillAsync($"{await search.InputValueAsync()} user.id={User}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Duration", Exact = true }).ClickAsync();
        await page.Locator("main tbody a.strong").First.ClickAsync();
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync(order.TraceId);
        // 3 s of a call, or of waiting for the next where this machine was slower than the call may be.
        await Assertions.Expect(page.Locator("p.finding")).ToContainTextAsync(WhereTimeWent());
        await page.GetByRole(AriaRole.Navigation, new() { Name = "From symptom to cause" })
            .GetByRole(AriaRole.Link)
            .Filter(new() { HasText = "Logs" })
            .ClickAsync();

        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("payment");
    }

    [Fact]
    public async Task Issue_OfAFailure_LeadsToItsTrace()
    {
        var failing = await FailAsync();
        var page = await browser.OpenAsync(Platform);

        await NavigateAsync(page, "Issues");
        await page.Locator("main tbody a").Filter(new() { HasText = "PostgresException" }).First.ClickAsync();
        await page.Locator($"main a[href='/traces/{failing}']").First.ClickAsync();

        await Assertions.Expect(page.Locator("main")).ToContainTextAsync(failing);
    }

    [Fact]
    public async Task Search_ByAnOrderId_ShowsItsTimeline()
    {
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u11", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        await Platform.Telemetry.WaitForTraceAsync(order.TraceId, OneTrace.LooksComplete, "the trace is complete", Cancellation);
        var page = await browser.OpenAsync(Platform);

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync(order.Id.ToString());
        await page.Keyboard.PressAsync("Enter");

        foreach (var service in PlatformFixture.Services)
        {
            await Assertions.Expect(page.Locator("main")).ToContainTextAsync(service);
        }

        await Assertions.Expect(page.Locator($"main a[href*='{order.TraceId}']").First).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1280, "")]
    [InlineData(ColorScheme.Dark, 1280, "color-contrast")]
    [InlineData(ColorScheme.Light, 390, "scrollable-region-focusable")]
    public async Task Views_OfThePlatform_AreAccessibleAndFitTheirWindow(ColorScheme theme, int width, string rule)
    {
        var failing = await FailAsync();
        var page = await browser.OpenAsync(Platform, theme, width);
        var problems = new List<string>();

        // All rules once, and again what the theme or the width changes.
        var rules =
            rule.Length == 0
                ? null
                : new AxeRunOptions
                {
                    RunOnly = new RunOnlyOptions { Type = "rule", Values = [rule] },
                };
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                problems.Add($"{page.Url}: {message.Text}");
            }
        };

        foreach (var view in (string[])[.. Views, $"/traces/{failing}", await AlertAsync(), "/runbooks/HighErrorRate"])
        {
            await page.GotoAsync(view);
            var found = await page.RunAxe(rules);
            problems.AddRange(
                found
                    .Violations.Where(violation => violation.Impact is "serious" or "critical")
                    .Select(violation =>
                        $"{view}: {violation.Id}: {violation.Help}: {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}"
                    )
            );
            if (await page.EvaluateAsync<string>(TooWide) is { Length: > 0 } tooWide)
            {
                problems.Add($"{view}: scrolls sideways at {width} pixels: {tooWide}");
            }
        }

        Assert.True(problems.Count == 0, string.Join(Environment.NewLine, problems));
    }

    [Fact]
    public async Task Views_WithoutScript_SayTheSame()
    {
        using var client = await Platform.Telemetry.OpenBrowserAsync(Cancellation);
        foreach (var view in Views)
        {
            var html = await client.GetStringAsync(view, Cancellation);

            Assert.Contains("<h1", html, StringComparison.Ordinal);
            Assert.DoesNotMatch(InlineScript(), html);
        }
    }

    /// <summary>The page of an alert that Alertmanager told of, with what it measures.</summary>
    private async Task<string> AlertAsync()
    {
        const string Expression = """sum(up{job="gateway",role!="a-name-that-no-narrow-window-has-room-for"}) > 0""";
        var fingerprint = RandomNumberGenerator.GetHexString(16, lowercase: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/alerts");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Platform.AlertToken);
        request.Content = JsonContent.Create(
            new
            {
                version = "4",
                alerts = new[]
                {
                    new
                    {
                        fingerprint,
                        status = "resolved",
                        startsAt = DateTimeOffset.UtcNow.AddMinutes(-1),
                        endsAt = DateTimeOffset.UtcNow,
                        generatorURL = $"http://prometheus/graph?g0.expr={Uri.EscapeDataString(Expression)}",
                        labels = new { alertname = "HighErrorRate", severity = "info" },
                        annotations = new { summary = "It was told" },
                    },
                },
            }
        );
        using var told = await Platform.Telemetry.Http.SendAsync(request, Cancellation);
        told.EnsureSuccessStatusCode();
        var alert = await Eventually.GetAsync(
            async () =>
                (await Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>("/api/alerts", Cancellation))
                    .GetProperty("history")
                    .EnumerateArray()
                    .FirstOrDefault(alert => alert.Text("fingerprint") == fingerprint),
            alert => alert.ValueKind == JsonValueKind.Object,
            "the alert is kept"
        );
        await Eventually.GetAsync(
            () => Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>($"{alert.Text("address")}/metric", Cancellation),
            metric => metric.GetProperty("values").GetArrayLength() > 0,
            "its metric has values"
        );
        return $"/alerts/{alert.Text("id")}";
    }

    private async Task<string> FailAsync()
    {
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u10", Cancellation);
        string failing;
        await using (await Refusing.RowsAsync(Platform, "ordersdb", "orders", "'refused before a browser''s eyes'", Cancellation))
        {
            using var response = await shopper.SendOrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation);
            failing = response.Headers.GetValues("X-Trace-Id").Single();
        }

        await Platform.Telemetry.WaitForEventAsync(failing, Cancellation);
        await Platform.Telemetry.WaitForTraceAsync(
            failing,
            spans =>
                spans.Any(span => span is { Service: "orders", Kind: "server" })
                && spans.Any(span => span is { Service: "gateway", Kind: "server" }),
            "the failing trace arrives",
            Cancellation
        );
        await Eventually.GetAsync(
            () => Platform.Telemetry.LogsAsync($"traceId={failing}", Cancellation),
            answer => answer.Contains("refused before", StringComparison.Ordinal),
            "its records arrive"
        );
        return failing;
    }

    [GeneratedRegex("pass in|nothing ran")]
    private static partial Regex WhereTimeWent();

    private static Task NavigateAsync(IPage page, string view) =>
        page.GetByRole(AriaRole.Navigation, new() { Name = "Views" })
            .GetByRole(AriaRole.Link)
            .Filter(new() { HasText = view })
            .ClickAsync();

    private static ILocator Heading(IPage page) => page.GetByRole(AriaRole.Heading, new() { Level = 1 });

    [GeneratedRegex("<script(?![^>]*src=)[^>]*>|\\son[a-z]+=\"", RegexOptions.IgnoreCase)]
    private static partial Regex InlineScript();
}
