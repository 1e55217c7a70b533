using System.ComponentModel;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>The same platform with its servers as containers, where an engine and the images are.</summary>
public sealed class ContainerTests
{
    private static readonly string[] Images =
    [
        "docker.io/library/postgres:18.3",
        "docker.io/library/redis:8.6",
        "docker.io/library/rabbitmq:4.3",
        "docker.io/prom/prometheus:v2.55.1",
        "docker.io/prom/alertmanager:v0.27.0",
    ];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_WithServersAsContainers_IsFulfilled_AndAlertsArrive()
    {
        Assert.SkipUnless(
            await HasImagesAsync("docker") || await HasImagesAsync("podman"),
            $"No container engine here has {string.Join(", ", Images)}."
        );
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(StartTimeout);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--Traffic:OrdersPerSecond=0", "--Ports=free", "--Servers=container"],
            (options, _) => options.DisableDashboard = false,
            limit.Token
        );
        builder.Services.AddLogging(logging =>
            logging
                .AddFilter("AppHost.Resources", LogLevel.None)
                .AddFilter("System.Net.Http", LogLevel.Warning)
                .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
        );
        var apiKey = builder.Configuration["AppHost:DashboardApiKey"];
        await using var app = await builder.BuildAsync(limit.Token);
        await app.StartAsync(limit.Token);
        string[] needed = ["postgres", "redis", "rabbitmq", "prometheus", "alertmanager", "observatory", .. PlatformFixture.Services];
        foreach (var name in needed)
        {
            await app.ResourceNotifications.WaitForResourceHealthyAsync(name, limit.Token);
        }

        Assert.Equal(
            "Container",
            app.ResourceNotifications.TryGetCurrentState("postgres", out var postgres) ? postgres.Snapshot.ResourceType : null
        );
        var shopper = await new Shop(app.GetEndpoint("gateway", "http")).SignInAsync("acme", "acme-u01", limit.Token);
        var order = await shopper.PlaceAsync(limit.Token);
        await shopper.WaitForAsync(order.Id, "fulfilled", limit.Token, TimeSpan.FromSeconds(60));

        // Prometheus reaches containers by their names and processes of this machine by a tunnel, and Alertmanager the webhook.
        var prometheus = new PrometheusClient(app.GetEndpoint("prometheus", "http"));
        string[] scraped = [.. PlatformFixture.Services, "alertmanager", "observatory", "postgres", "prometheus", "rabbitmq", "redis"];
        await Eventually.GetAsync(
            async () => scraped.Except((await prometheus.QueryAsync("up == 1", limit.Token)).Select(series => series.Labels["job"])),
            missing => !missing.Any(),
            "everything is scraped",
            TimeSpan.FromSeconds(60)
        );

        using var observatory = new HttpClient
        {
            BaseAddress = app.GetEndpoint("observatory", "http"),
            DefaultRequestHeaders = { { "x-api-key", apiKey } },
        };
        await Eventually.GetAsync(
            () => observatory.GetFromJsonAsync<JsonElement>("/api/alerts", limit.Token),
            alerts => alerts.GetProperty("heard").ValueKind == JsonValueKind.String,
            "the alert that always fires has come through Alertmanager",
            TimeSpan.FromSeconds(60)
        );
    }

    private static async Task<bool> HasImagesAsync(string engine)
    {
        foreach (var image in Images)
        {
            try
            {
                using var inspect = Process.Start(
                    new ProcessStartInfo(engine, ["image", "inspect", image])
                    {
                        RedirectStandardOutput = true,
                        RedirectStandardError = true,
                    }
                )!;
                await Task.WhenAll(
                    inspect.StandardOutput.ReadToEndAsync(Cancellation),
                    inspect.StandardError.ReadToEndAsync(Cancellation),
                    inspect.WaitForExitAsync(Cancellation)
                );
                if (inspect.ExitCode != 0)
                {
                    return false;
                }
            }
            catch (Win32Exception)
            {
                // Not installed.
                return false;
            }
        }

        return true;
    }
}
