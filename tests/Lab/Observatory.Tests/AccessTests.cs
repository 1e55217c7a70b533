using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.Observatory.Tests;

/// <summary>What each listener serves, and to whom: keys of programs, anonymous readers of this machine.</summary>
public sealed class AccessTests
{
    private const string Stats = "/api/telemetry/stats";

    [Fact]
    public async Task Api_WithTheKey_IsOpen()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");

        using var without = await process.GetAsync(Stats);
        using var wrong = await process.GetAsync(Stats, ("x-api-key", "key-2"));
        using var right = await process.GetAsync(Stats, ("x-api-key", "key-1"));

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK),
            (without.StatusCode, wrong.StatusCode, right.StatusCode)
        );
    }

    [Fact]
    public async Task Api_WithTheKeyAsBearer_IsOpen()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");

        using var wrong = await process.GetAsync(Stats, ("Authorization", "Bearer key-2"));
        using var right = await process.GetAsync(Stats, ("Authorization", "Bearer key-1"));
        using var other = await process.GetAsync(Stats, ("Authorization", "Basic key-1"));

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

        using var page = await process.GetAsync("/", ("Host", host), ObservatoryProcess.ByScript);
        using var api = await process.GetAsync(Stats, ("Host", host));

        Assert.Equal((expected, expected), (page.StatusCode, api.StatusCode));
    }

    [Theory]
    [InlineData("Development", HttpStatusCode.OK)]
    [InlineData("Production", HttpStatusCode.Unauthorized)]
    public async Task NoTokenAndNoKey_OpenInDevelopmentOnly(string environment, HttpStatusCode expected)
    {
        await using var process = await ObservatoryProcess.StartAsync($"--environment={environment}");

        using var page = await process.GetAsync("/", ObservatoryProcess.ByScript);
        using var api = await process.GetAsync(Stats);

        Assert.Equal((expected, expected), (page.StatusCode, api.StatusCode));
    }

    [Fact]
    public async Task Listeners_WithAnyHostHeader_ServeOnlyTheirOwnPaths()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var http = process.Http.BaseAddress!.Authority;

        using var health = await process.Management.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        using var alive = await process.Management.GetAsync(new Uri("/alive", UriKind.Relative), TestContext.Current.CancellationToken);
        using var healthOnHttp = await process.GetAsync("/health");
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

        using var response = await process.GetAsync(path);

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
    public async Task Api_AskedForSomethingElseThanJson_IsStill401()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:ApiKey=key-1");

        using var answer = await process.GetAsync(Stats, ("Accept", "application/x-ndjson"));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Pages_Shown_LeaveNoWarning()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Logging:LogLevel:Default=Warning");
        using var logs = new LogCollector();
        process.Services.GetRequiredService<ILoggerFactory>().AddProvider(logs);

        using var page = await process.GetAsync("/");

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.DoesNotContain(logs.Lines, line => !line.Contains(" scope ", StringComparison.Ordinal));
    }
}
