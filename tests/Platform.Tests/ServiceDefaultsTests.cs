using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.Testing;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>Every service has the same defaults, and none has its own.</summary>
public sealed class ServiceDefaultsTests(PlatformFixture platform) : PlatformTest(platform)
{
    public static TheoryData<string> Services => [.. PlatformFixture.Services];

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Service_OnItsManagementPort_AnswersHealthWithNamesAndStatesOnly(string service)
    {
        using var http = Platform.App.CreateHttpClient(service, "management");

        using var alive = await http.GetAsync("/alive", Cancellation);
        var health = await http.GetFromJsonAsync<JsonElement>("/health", Cancellation);

        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        Assert.Equal("Healthy", health.GetProperty("status").GetString());
        Assert.Equal(["status", "checks"], health.EnumerateObject().Select(member => member.Name));
        Assert.All(health.GetProperty("checks").EnumerateObject(), check => Assert.Equal("Healthy", check.Value.GetString()));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Service_OnItsManagementPort_ServesNothingOfItsPublicApi(string service)
    {
        using var http = Platform.App.CreateHttpClient(service, "management");

        using var products = await http.GetAsync("/api/products", Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, products.StatusCode);
    }

    [Fact]
    public async Task DeadLetters_WithoutTheManagementKey_AreClosed()
    {
        using var http = Platform.App.CreateHttpClient("orders", "management");

        using var response = await http.PostAsync("/dead-letters/send-again", null, Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Spans_OfEveryService_SayWhoWhichReleaseAndWhere()
    {
        var shopper = await Platform.Shop.SignInAsync("fjord", "fjord-u05", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        var spans = await Platform.Telemetry.WaitForTraceAsync(
            order.TraceId,
            OneTrace.LooksComplete,
            "the trace is complete",
            Cancellation
        );

        var trace = await Platform.Telemetry.RawTraceAsync(order.TraceId, Cancellation);

        Assert.All(spans.GroupBy(span => span.Service), service => Assert.Single(service.Select(span => span.Release).Distinct()));
        Assert.All(spans, span => Assert.Matches("^[0-9]{4}\\.[0-9]{2}\\.[0-9]{2}-[0-9a-z]+$", span.Release));
        foreach (var resource in trace.GetProperty("data").GetProperty("resourceSpans").EnumerateArray())
        {
            var names = resource
                .GetProperty("resource")
                .GetProperty("attributes")
                .EnumerateArray()
                .Select(attribute => attribute.GetProperty("key").GetString())
                .ToList();
            Assert.All(
                ["service.name", "service.version", "service.instance.id", "deployment.environment.name", "cloud.region"],
                (string name) => Assert.Contains(name, names)
            );
        }
    }

    [Fact]
    public async Task Platform_WithoutRequests_MakesNoSpans()
    {
        // Longer than the pollers' and the exporters' intervals. What earlier tests and a job of the minute caused may still come in at
        // first.
        using var window = new PeriodicTimer(TimeSpan.FromSeconds(4));
        var counts = new List<long> { await ReceivedAsync() };
        for (var windows = 0; windows < 8 && await window.WaitForNextTickAsync(Cancellation); windows++)
        {
            counts.Add(await ReceivedAsync());
            if (counts[^1] == counts[^2])
            {
                return;
            }
        }

        Assert.Fail($"Spans go on arriving: {string.Join(", ", counts)}");
    }

    private async Task<long> ReceivedAsync() =>
        (await Platform.Telemetry.StatsAsync(Cancellation)).GetProperty("spans").GetProperty("received").GetInt64();
}
