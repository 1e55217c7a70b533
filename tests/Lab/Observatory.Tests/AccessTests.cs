using System.Net;

namespace Platform.Observatory.Tests;

public sealed class AccessTests
{
    private const string Stats = "/api/telemetry/stats";

    [Fact]
    public async Task Pages_WithoutTheToken_ShowAFormAndNothingElse()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1");
        await Send.TracesAsync(process, "orders", Telemetry.Span(1, name: "secret-name"));

        using var page = await GetAsync(process, "/");
        using var api = await GetAsync(process, Stats);

        var text = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, page.StatusCode);
        Assert.Contains("<form method=\"post\" action=\"/login\">", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-name", text, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Unauthorized, "application/problem+json"), (api.StatusCode, api.Content.Headers.ContentType?.MediaType));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Login_WithTheToken_SetsACookieThatOpensPagesAndApi(bool byForm)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:BrowserToken=tok-1", "--Observatory:ApiKey=key-1");

        using var login = await LoginAsync(process, "tok-1", byForm);

        Assert.Equal((HttpStatusCode.Redirect, "/"), (login.StatusCode, login.Headers.Location?.ToString()));
        var cookie = Assert.Single(login.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
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
        Assert.False(login.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Api_WithTheKey_IsOpen()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");

        using var without = await GetAsync(process, Stats);
        using var wrong = await GetAsync(process, Stats, ("x-api-key", "key-2"));
        using var right = await GetAsync(process, Stats, ("x-api-key", "key-1"));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK), (without.StatusCode, wrong.StatusCode, right.StatusCode));
    }

    [Fact]
    public async Task Api_WithTheKeyAsBearer_IsOpen()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");

        using var wrong = await GetAsync(process, Stats, ("Authorization", "Bearer key-2"));
        using var right = await GetAsync(process, Stats, ("Authorization", "Bearer key-1"));
        using var other = await GetAsync(process, Stats, ("Authorization", "Basic key-1"));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.Unauthorized), (wrong.StatusCode, right.StatusCode, other.StatusCode));
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
            "--environment=Production", "--Observatory:BrowserToken=tok-1", "--Observatory:ApiKey=key-1", "--ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS=true");

        using var page = await GetAsync(process, "/", ("Host", host));
        using var api = await GetAsync(process, Stats, ("Host", host));

        Assert.Equal((expected, expected), (page.StatusCode, api.StatusCode));
    }

    [Theory]
    [InlineData("Development", HttpStatusCode.OK)]
    [InlineData("Production", HttpStatusCode.Unauthorized)]
    public async Task NoTokenAndNoKey_OpenInDevelopmentOnly(string environment, HttpStatusCode expected)
    {
        await using var process = await ObservatoryProcess.StartAsync($"--environment={environment}");

        using var page = await GetAsync(process, "/");
        using var api = await GetAsync(process, Stats);

        Assert.Equal((expected, expected), (page.StatusCode, api.StatusCode));
    }

    [Fact]
    public async Task Listeners_ServeOnlyWhatIsTheirs_WhateverTheHostHeaderSays()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var http = process.Http.BaseAddress!.Authority;

        using var health = await process.Management.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        using var alive = await process.Management.GetAsync(new Uri("/alive", UriKind.Relative), TestContext.Current.CancellationToken);
        using var healthOnHttp = await GetAsync(process, "/health");
        using var otlpOnHttp = await process.Http.PostAsync(new Uri("/v1/traces", UriKind.Relative), new ByteArrayContent([]), TestContext.Current.CancellationToken);
        using var forged = new HttpRequestMessage(HttpMethod.Get, Stats) { Headers = { Host = http } };
        using var apiOnManagement = await process.Management.SendAsync(forged, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (health.StatusCode, alive.StatusCode));
        Assert.Equal(HttpStatusCode.NotFound, healthOnHttp.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, otlpOnHttp.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, apiOnManagement.StatusCode);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/login")]
    [InlineData("/nowhere")]
    [InlineData(Stats)]
    public async Task Answers_OfEveryKind_CarryThePolicy(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var response = await GetAsync(process, path);

        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("; script-src 'self'; ", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-inline", policy.Replace("style-src-attr 'unsafe-inline'", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    private static async Task<HttpResponseMessage> LoginAsync(ObservatoryProcess process, string token, bool byForm)
    {
        if (!byForm)
        {
            return await GetAsync(process, $"/login?t={token}");
        }

        using var form = new FormUrlEncodedContent([new("t", token)]);
        return await process.Http.PostAsync(new Uri("/login", UriKind.Relative), form, TestContext.Current.CancellationToken);
    }

    private static async Task<HttpResponseMessage> GetAsync(ObservatoryProcess process, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await process.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
