using System.ComponentModel;
using System.Diagnostics;
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
    ];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_WithServersAsContainers_IsFulfilled()
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
        await using var app = await builder.BuildAsync(limit.Token);
        await app.StartAsync(limit.Token);
        foreach (var name in new[] { "postgres", "redis", "rabbitmq", "gateway", "orders", "payments", "worker" })
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
