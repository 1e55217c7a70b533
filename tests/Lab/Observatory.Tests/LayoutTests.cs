using System.Net;
using System.Text.RegularExpressions;

namespace Platform.Observatory.Tests;

public sealed partial class LayoutTests
{
    [Fact]
    public async Task Theme_Chosen_IsRenderedByTheServerAndReturnsToThePage()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var answer = await ChooseAsync(process, "dark", "/logs?search=a%20b");

        Assert.Equal((HttpStatusCode.Redirect, "/logs?search=a%20b"), (answer.StatusCode, answer.Headers.Location?.ToString()));
        var cookie = Forms.CookieOf(answer, "observatory-theme");
        Assert.NotNull(cookie);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("data-theme=\"dark\"", await GetAsync(process, "/logs", cookie.Split(';')[0]), StringComparison.Ordinal);
        Assert.DoesNotContain("data-theme", await GetAsync(process, "/logs", null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Theme_FormOfAnotherSite_IsRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var answer = await Forms.PostFromElsewhereAsync(process, "/theme", ("theme", "dark"), ("return", "/"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var cookies = answer.Headers.TryGetValues("Set-Cookie", out var values) ? values : [];
        Assert.DoesNotContain(cookies, cookie => cookie.StartsWith("observatory-theme", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("")]
    public async Task Theme_ReturnToElsewhere_LeadsToTheOverview(string address)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var answer = await ChooseAsync(process, "light", address);

        Assert.Equal("/", answer.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Theme_CookieOfUnknownValue_IsNotWritten()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        Assert.DoesNotContain("data-theme", await GetAsync(process, "/issues", "observatory-theme=x"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Navigation_EveryEntry_LeadsToAPageThatSaysItIsOpen()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var addresses = Entry().Matches(await GetAsync(process, "/issues", null)).Select(match => match.Groups[1].Value).ToList();

        Assert.Contains("/traces", addresses);

        foreach (var address in addresses)
        {
            Assert.Contains($"href=\"{address}\" aria-current=\"page\"", await GetAsync(process, address, null), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Times_OfEveryList_AreReadableByTheScript()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "orders", Telemetry.Span(1));
        await Send.LogsAsync(process, "orders", Telemetry.Log("one"));

        Assert.All(
            [await GetAsync(process, "/traces", null), await GetAsync(process, "/logs", null)],
            page => Assert.Matches(Time(), page)
        );
    }

    [Theory]
    [InlineData("/observatory.js", "text/javascript")]
    [InlineData("/keyboard.js", "text/javascript")]
    [InlineData("/live.js", "text/javascript")]
    [InlineData("/tail.js", "text/javascript")]
    [InlineData("/observatory.css", "text/css")]
    public async Task Assets_OfThePages_AreServed(string path, string type)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var answer = await process.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    private static Task<HttpResponseMessage> ChooseAsync(ObservatoryProcess process, string theme, string back) =>
        Forms.PostAsync(process, "/", "/theme", ("theme", theme), ("return", back));

    private static async Task<string> GetAsync(ObservatoryProcess process, string path, string? cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);

        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        using var answer = await process.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode}");
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("<a href=\"(/[a-z]*)\"(?: aria-current=\"page\")?><svg")]
    private static partial Regex Entry();

    [GeneratedRegex("<time datetime=\"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\"")]
    private static partial Regex Time();
}
