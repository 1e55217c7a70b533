using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.Observatory.Tests;

public sealed class AccessTests
{
    private const string Stats = "/api/telemetry/stats";

    /// <summary>As the script of the pages fetches: without being redirected to the login form.</summary>
    private static readonly (string Name, string Value) Refresh = ("X-Requested-With", "XMLHttpRequest");

    [Fact]
    public async Task Pages_WithoutTheToken_LeadToAFormAndShowNothingElse()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");
        await Send.TracesAsync(process, "orders", Telemetry.Span(1, name: "secret-name"));

        using var page = await GetAsync(process, "/");
        using var api = await GetAsync(process, Stats);

        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        using var form = await GetAsync(process, LocationOf(page)!);
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
        using var page = await GetAsync(process, "/", ("Cookie", cookie.Split(';')[0]));
        using var api = await GetAsync(process, Stats, ("Cookie", cookie.Split(';')[0]));
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
        using var page = await GetAsync(process, LocationOf(login)!, ("Cookie", CookieOf(login)), ("Sec-Fetch-Site", "cross-site"));
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
        using var signedIn = await GetAsync(process, old, ("Cookie", CookieOf(byLink)));
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

        using var page = await GetAsync(process, "/issues?service=orders&query=%22%3E%3Cb%3E");

        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        using var form = await GetAsync(process, LocationOf(page)!);
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
        using var again = await GetAsync(process, "/login?t=tok-secret&returnUrl=/traces", ("Cookie", CookieOf(right)));
        using var wrong = await LoginAsync(process, "tok-secret-2", byForm: false);

        Assert.NotEmpty(logs.Lines);
        Assert.DoesNotContain(logs.Lines, line => line.Contains("tok-secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Api_WithTheKey_IsOpen()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");

        using var without = await GetAsync(process, Stats);
        using var wrong = await GetAsync(process, Stats, ("x-api-key", "key-2"));
        using var right = await GetAsync(process, Stats, ("x-api-key", "key-1"));

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK),
            (without.StatusCode, wrong.StatusCode, right.StatusCode)
        );
    }

    [Fact]
    public async Task Api_WithTheKeyAsBearer_IsOpen()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");

        using var wrong = await GetAsync(process, Stats, ("Authorization", "Bearer key-2"));
        using var right = await GetAsync(process, Stats, ("Authorization", "Bearer key-1"));
        using var other = await GetAsync(process, Stats, ("Authorization", "Basic key-1"));

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.Unauthorized),
            (wrong.StatusCode, right.StatusCode, other.StatusCode)
        );
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("observatory.localhost", HttpStatusCode.OK)]
    [InlineData("shop.example", HttpStatusCode.Unauthorized)]
    [InlineData("localhost.shop.example", HttpStatusCode.Unauthorized)]
    public async Task Anonymous_WhenAllowed_IsLetInByTheNamesOfThisMachineOnly(string host, HttpStatusCode expected)
    {
        await using var process = await ObservatoryProcess.StartAsync(
            "--environment=Production",
            "--Observatory:BrowserToken=tok-1",
            "--Observatory:ApiKey=key-1",
            "--ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS=true"
        );

        using var page = await GetAsync(process, "/", ("Host", host), Refresh);
        using var api = await GetAsync(process, Stats, ("Host", host));

        Assert.Equal((expected, expected), (page.StatusCode, api.StatusCode));
    }

    [Theory]
    [InlineData("Development", HttpStatusCode.OK)]
    [InlineData("Production", HttpStatusCode.Unauthorized)]
    public async Task NoTokenAndNoKey_OpenInDevelopmentOnly(string environment, HttpStatusCode expected)
    {
        await using var process = await ObservatoryProcess.StartAsync($"--environment={environment}");

        using var page = await GetAsync(process, "/", Refresh);
        using var api = await GetAsync(process, Stats);

        Assert.Equal((expected, expected), (page.StatusCode, api.StatusCode));
    }

    [Fact]
    public async Task Listeners_WithAnyHostHeader_ServeOnlyTheirOwnPaths()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var http = process.Http.BaseAddress!.Authority;

        using var health = await process.Management.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        using var alive = await process.Management.GetAsync(new Uri("/alive", UriKind.Relative), TestContext.Current.CancellationToken);
        using var healthOnHttp = await GetAsync(process, "/health");
        using var otlpOnHttp = await process.Http.PostAsync(
            new Uri("/v1/traces", UriKind.Relative),
            new ByteArrayContent([]),
            TestContext.Current.CancellationToken
        );
        using var forged = new HttpRequestMessage(HttpMethod.Get, Stats) { Headers = { Host = http } };
        using var apiOnManagement = await process.Management.SendAsync(forged, TestContext.Current.CancellationToken);

        using var pageOnGrpc = await process.OtlpGrpc.GetAsync(new Uri("/login", UriKind.Relative), TestContext.Current.CancellationToken);
        using var call = new ByteArrayContent([]) { Headers = { ContentType = new("application/grpc") } };
        using var grpcOnHttp = await process.Http.PostAsync(
            new Uri(Send.TracesMethod, UriKind.Relative),
            call,
            TestContext.Current.CancellationToken
        );

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (health.StatusCode, alive.StatusCode));
        Assert.Equal(HttpStatusCode.NotFound, healthOnHttp.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, otlpOnHttp.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, apiOnManagement.StatusCode);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (pageOnGrpc.StatusCode, grpcOnHttp.StatusCode));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/login")]
    [InlineData("/nowhere")]
    [InlineData(Stats)]
    public async Task Responses_OfEveryKind_CarryThePolicy(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var response = await GetAsync(process, path);

        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("; script-src 'self'; ", policy, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "unsafe-inline",
            policy.Replace("style-src-attr 'unsafe-inline'", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Endpoints_AllButThoseOfTheLogin_RequireAuthorization()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var open = process
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            // gRPC calls come on another listener, which requires the OTLP key.
            .Where(endpoint => endpoint.DisplayName?.StartsWith("gRPC", StringComparison.Ordinal) != true)
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAuthorizeData>() is null)
            .Select(endpoint => endpoint.RoutePattern.RawText);

        Assert.Equal(
            ["/icon.svg", "/keyboard.js", "/live.js", "/login", "/observatory.css", "/observatory.js", "/tail.js"],
            open.Distinct().Order(StringComparer.Ordinal)
        );
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
                using var page = await GetAsync(same, "/", ("Cookie", cookie));
                Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            }

            await using var other = await StartAsync("tok-2");
            using var refused = await GetAsync(other, "/", ("Cookie", cookie), Refresh);
            using var api = await GetAsync(other, Stats, ("Cookie", cookie));
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
    public async Task Form_SentWithoutTheCookie_LeadsBackToAPage()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");

        using var answer = await Forms.PostFromElsewhereAsync(process, "/theme", ("theme", "dark"));

        Assert.Equal((HttpStatusCode.Redirect, "/login?returnUrl=%2F"), (answer.StatusCode, LocationOf(answer)));
    }

    [Fact]
    public async Task Api_AskedForSomethingElseThanJson_IsStill401()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");

        using var answer = await GetAsync(process, Stats, ("Accept", "application/x-ndjson"));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Pages_Shown_LeaveNoWarning()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Logging:LogLevel:Default=Warning");
        using var logs = new LogCollector();
        process.Services.GetRequiredService<ILoggerFactory>().AddProvider(logs);

        using var page = await GetAsync(process, "/");

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.DoesNotContain(logs.Lines, line => !line.Contains(" scope ", StringComparison.Ordinal));
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
            using var page = await GetAsync(process, "/", ("Cookie", CookieOf(login)));

            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<HttpResponseMessage> LoginAsync(ObservatoryProcess process, string token, bool byForm, string returnUrl = "")
    {
        if (!byForm)
        {
            return await GetAsync(process, $"/login?t={token}&returnUrl={Uri.EscapeDataString(returnUrl)}");
        }

        return await Forms.PostFromElsewhereAsync(process, "/login", ("t", token), ("returnUrl", returnUrl));
    }

    private static string CookieOf(HttpResponseMessage login) => Forms.CookieOf(login, "observatory-login")!.Split(';')[0];

    private static string? LocationOf(HttpResponseMessage answer) => answer.Headers.Location?.OriginalString;

    private static Task<string> TextAsync(HttpResponseMessage answer) =>
        answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static async Task<HttpResponseMessage> GetAsync(
        ObservatoryProcess process,
        string path,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await process.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
