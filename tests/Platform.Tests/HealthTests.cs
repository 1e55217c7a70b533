using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.Testing;
using Npgsql;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>/alive says that the process runs; /health says whether it can do its job, and names no host, user or exception.</summary>
public sealed class HealthTests(PlatformFixture platform) : PlatformTest(platform)
{
    [Fact]
    public async Task Health_WithoutTheDatabase_Is503WhileAliveIs200()
    {
        using var http = Platform.App.CreateHttpClient("orders", "management");
        await DatabaseSwitch.SetAsync(Platform, "ordersdb", false, Cancellation);
        try
        {
            var (status, body) = await WaitForAsync(http, "Unhealthy");
            using var alive = await http.GetAsync("/alive", Cancellation);

            Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (status, alive.StatusCode));
            MustSayNothingElse(body);
        }
        finally
        {
            await DatabaseSwitch.SetAsync(Platform, "ordersdb", true, Cancellation);
        }

        Assert.Equal(HttpStatusCode.OK, (await WaitForAsync(http, "Healthy")).Status);
    }

    [Fact]
    public async Task Dependency_ThatGoesAndComesBack_IsALineEach()
    {
        var since = Uri.EscapeDataString(DateTimeOffset.UtcNow.ToString("O"));
        await DatabaseSwitch.SetAsync(Platform, "workerdb", false, Cancellation);
        try
        {
            await RecordedAsync("dependency.lost");
        }
        finally
        {
            await DatabaseSwitch.SetAsync(Platform, "workerdb", true, Cancellation);
        }

        await RecordedAsync("dependency.available");

        // Once, although it was looked at several times meanwhile; and no probe that failed is an error.
        Assert.Equal(1, await CountAsync("dependency.lost"));
        Assert.DoesNotContain(
            await Platform.Telemetry.EventsSinceAsync(DateTimeOffset.MinValue, Cancellation),
            item =>
                item.ToString().Contains("Health check", StringComparison.Ordinal)
                || item.ToString().Contains("Resilience event", StringComparison.Ordinal)
        );

        async Task RecordedAsync(string name) =>
            await Eventually.GetAsync(() => CountAsync(name), count => count > 0, $"worker says {name}");

        async Task<int> CountAsync(string name)
        {
            var search = Uri.EscapeDataString($"event={name} Dependency=PostgreSql");
            var found = await Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>(
                $"/api/telemetry/logs?resource=worker&from={since}&search={search}",
                Cancellation
            );
            return found.GetProperty("totalCount").GetInt32();
        }
    }

    [Fact]
    public async Task Health_WithoutRedis_IsDegradedAndNamesTheCheck()
    {
        using var http = Platform.App.CreateHttpClient("gateway", "management");
        using var orders = Platform.App.CreateHttpClient("orders", "management");
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u08", Cancellation);
        await Platform.StopAsync("redis", Cancellation);
        try
        {
            var (status, body) = await WaitForAsync(http, "Degraded");

            // Soft: the service does its job without it, slower.
            Assert.Equal((HttpStatusCode.OK, "Degraded"), (status, body.GetProperty("checks").Text("redis")));
            MustSayNothingElse(body);

            // So many in vain that orders asks its cache no more for a while.
            for (var call = 0; call < 10; call++)
            {
                using var answer = await shopper.SendAsync(HttpMethod.Get, "/api/products", Cancellation);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
        }
        finally
        {
            await Platform.StartAsync("redis", Cancellation);
        }

        // Nobody asks for anything meanwhile.
        await WaitForAsync(http, "Healthy");
        await WaitForAsync(orders, "Healthy");
    }

    [Fact]
    public async Task Health_AskedAThousandTimes_OpensNoMoreConnections()
    {
        const int Calls = 1_000;
        using var http = Platform.App.CreateHttpClient("orders", "management");
        await using var postgres = NpgsqlDataSource.Create(await Platform.DatabaseAsync("ordersdb", Cancellation));
        await using var count = postgres.CreateCommand("SELECT count(*) FROM pg_stat_activity WHERE usename = 'orders'");
        await http.GetStringAsync("/health", Cancellation);
        var before = (long)(await count.ExecuteScalarAsync(Cancellation))!;

        for (var call = 0; call < Calls; call++)
        {
            using var answer = await http.GetAsync("/health", Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        // The service's own work comes and goes; a connection for each call would be a thousand, or a full pool of 40.
        Assert.InRange((long)(await count.ExecuteScalarAsync(Cancellation))!, 1, before + 15);
    }

    private static void MustSayNothingElse(JsonElement body)
    {
        Assert.Equal(["status", "checks"], body.EnumerateObject().Select(member => member.Name));
        Assert.All(
            body.GetProperty("checks").EnumerateObject(),
            check => Assert.Contains(check.Value.GetString(), new[] { "Healthy", "Degraded", "Unhealthy" })
        );
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> WaitForAsync(HttpClient http, string status) =>
        await Eventually.GetAsync(
            async () =>
            {
                using var response = await http.GetAsync("/health", Cancellation);
                return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation));
            },
            answer => answer.Item2.Text("status") == status,
            $"/health says {status}"
        );
}
