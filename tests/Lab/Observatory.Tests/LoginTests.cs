using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.Observatory.Tests;

/// <summary>Signing in by link and by form, the cookie that remembers it, and the forms of the pages.</summary>
public sealed class LoginTests
{
    private const string Stats = "/api/telemetry/stats";

    [Fact]
    public async Task Pages_WithoutTheToken_LeadToAFormAndShowNothingElse()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");
        await Send.TracesAsync(process, "orders", Telemetry.Span(1, name: "secret-name"));

        using var page = await process.GetAsync("/");
        using var api = await process.GetAsync(Stats);

        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        using var form = await process.GetAsync(LocationOf(page)!);
        var text = await TextAsync(form);
        Assert.Contains("<form method=\"post\" action=\"/login\">", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-name", text, StringComparison.Ordinal);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "application/problem+json"),
            (api.StatusCode, api.Content.Headers.ContentType?.MediaType)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Login_WithTheToken_SetsACookieThatOpensPagesAndApi(bool byForm)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1", "--Observatory:ApiKey=key-1");

        using var login = await LoginAsync(process, "tok-1", byForm);

        Assert.Equal((HttpStatusCode.Redirect, "/"), (login.StatusCode, login.Headers.Location?.ToString()));
        var cookie = Forms.CookieOf(login, "observatory-login");
        Assert.NotNull(cookie);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("tok-1", cookie, StringComparison.Ordinal);
        using var page = await process.GetAsync("/", ("Cookie", cookie.Split(';')[0]));
        using var api = await process.GetAsync(Stats, ("Cookie", cookie.Split(';')[0]));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (page.StatusCode, api.StatusCode));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Login_WithAWrongToken_Is401WithoutACookie(bool byForm)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");

        using var login = await LoginAsync(process, "tok-2", byForm);

        Assert.Equal(HttpStatusCode.Unauthorized, login.StatusCode);
        Assert.Null(Forms.CookieOf(login, "observatory-login"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Login_WithAPageToReturnTo_LeadsThereWithoutTheToken(bool byForm)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");

        using var login = await LoginAsync(process, "tok-1", byForm, "/traces?resource=orders&range=30m");

        Assert.Equal((HttpStatusCode.Redirect, "/traces?resource=orders&range=30m"), (login.StatusCode, LocationOf(login)));
        using var page = await process.GetAsync(LocationOf(login)!, ("Cookie", CookieOf(login)), ("Sec-Fetch-Site", "cross-site"));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Theory]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("\\\\evil.example", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("/traces\r\nSet-Cookie: a=b", "/")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("traces", "/")]
    [InlineData("", "/")]
    [InlineData("/logs?search=a b é", "/logs?search=a%20b%20%C3%A9")]
    [InlineData("/logs?search=a%20b", "/logs?search=a%20b")]
    public async Task Login_PageToReturnTo_IsOneOfOursInFormAndRedirect(string asked, string expected)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");

        using var byLink = await LoginAsync(process, "tok-1", byForm: false, asked);
        using var byForm = await LoginAsync(process, "tok-1", byForm: true, asked);
        var old = $"/login?t=tok-0&returnUrl={Uri.EscapeDataString(asked)}";
        using var signedIn = await process.GetAsync(old, ("Cookie", CookieOf(byLink)));
        using var wrong = await LoginAsync(process, "tok-2", byForm: false, asked);

        Assert.All(
            [byLink, byForm, signedIn],
            answer => Assert.Equal((HttpStatusCode.Redirect, expected), (answer.StatusCode, LocationOf(answer)))
        );
        Assert.Null(Forms.CookieOf(signedIn, "observatory-login"));
        Assert.Contains($"name=\"returnUrl\" value=\"{expected}\"", await TextAsync(wrong), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_AskedForWithoutTheCookie_IsWhereTheFormLeads()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");

        using var page = await process.GetAsync("/issues?service=orders&query=%22%3E%3Cb%3E");

        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        using var form = await process.GetAsync(LocationOf(page)!);
        Assert.Contains(
            "name=\"returnUrl\" value=\"/issues?service=orders&amp;query=%22%3E%3Cb%3E\"",
            await TextAsync(form),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Login_ByLink_LeavesTheTokenInNoLog()
    {
        await using var process = await ObservatoryProcess.StartAsync(
            "--Observatory:BrowserToken=tok-secret",
            "--Logging:LogLevel:Default=Trace",
            "--Logging:LogLevel:Microsoft=Trace",
            "--Logging:Console:LogLevel:Default=None"
        );
        using var logs = new LogCollector();
        process.Services.GetRequiredService<ILoggerFactory>().AddProvider(logs);

        using var right = await LoginAsync(process, "tok-secret", byForm: false, "/traces");
        using var again = await process.GetAsync("/login?t=tok-secret&returnUrl=/traces", ("Cookie", CookieOf(right)));
        using var wrong = await LoginAsync(process, "tok-secret-2", byForm: false);

        Assert.NotEmpty(logs.Lines);
        Assert.DoesNotContain(logs.Lines, line => line.Contains("tok-secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cookie_OfAnotherToken_OpensNothing()
    {
        var directory = Directory.CreateTempSubdirectory("observatory-");
        try
        {
            string cookie;
            await using (var before = await StartAsync("tok-1"))
            {
                using var login = await LoginAsync(before, "tok-1", byForm: false);
                cookie = CookieOf(login);
            }

            await using (var same = await StartAsync("tok-1"))
            {
                using var page = await same.GetAsync("/", ("Cookie", cookie));
                Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            }

            await using var other = await StartAsync("tok-2");
            using var refused = await other.GetAsync("/", ("Cookie", cookie), ObservatoryProcess.ByScript);
            using var api = await other.GetAsync(Stats, ("Cookie", cookie));
            Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (refused.StatusCode, api.StatusCode));
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        Task<ObservatoryProcess> StartAsync(string token) =>
            ObservatoryProcess.StartAsync($"--Observatory:BrowserToken={token}", $"--Observatory:DataDirectory={directory.FullName}");
    }

    [Fact]
    public async Task Form_TooLarge_IsRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");

        using var answer = await LoginAsync(process, new string('x', 9 << 10), byForm: true);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task Form_OfAPageFromBeforeARestart_IsExplained()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var answer = await Forms.PostFromElsewhereAsync(process, "/theme", ("theme", "dark"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("This form is out of date", await TextAsync(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_SentWithoutTheCookie_LeadsBackToAPage()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");

        using var answer = await Forms.PostFromElsewhereAsync(process, "/theme", ("theme", "dark"));

        Assert.Equal((HttpStatusCode.Redirect, "/login?returnUrl=%2F"), (answer.StatusCode, LocationOf(answer)));
    }

    [Fact]
    public async Task Pages_WithAFolderThatCannotBeWritten_AreShown()
    {
        var directory = Directory.CreateTempSubdirectory("observatory-");
        try
        {
            // A file is where the folder of the keys would be: nobody can write into that, root included.
            await File.WriteAllTextAsync(Path.Combine(directory.FullName, "cookie-keys"), "", TestContext.Current.CancellationToken);
            await using var process = await ObservatoryProcess.StartAsync(
                "--Observatory:BrowserToken=tok-1",
                $"--Observatory:DataDirectory={directory.FullName}"
            );

            using var login = await LoginAsync(process, "tok-1", byForm: false);
            using var page = await process.GetAsync("/", ("Cookie", CookieOf(login)));

            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static Task<HttpResponseMessage> LoginAsync(ObservatoryProcess process, string token, bool byForm, string returnUrl = "") =>
        byForm
            ? Forms.PostFromElsewhereAsync(process, "/login", ("t", token), ("returnUrl", returnUrl))
            : process.GetAsync($"/login?t={token}&returnUrl={Uri.EscapeDataString(returnUrl)}");

    private static string CookieOf(HttpResponseMessage login) => Forms.CookieOf(login, "observatory-login")!.Split(';')[0];

    private static string? LocationOf(HttpResponseMessage answer) => answer.Headers.Location?.OriginalString;

    private static Task<string> TextAsync(HttpResponseMessage answer) =>
        answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}
