using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Bench;
using Platform.Tests.Support;

namespace Platform.Soak;

/// <summary>
/// The platform with two instances of orders, payments and worker, a constant load of orders, and one outage after the other.
/// </summary>
internal sealed class SoakRun(SoakOptions options, Report report)
{
    private static readonly string[] Replicated = ["orders", "payments", "worker"];

    /// <summary>After the last outage; includes the time to pay and the expiry of a lost lease.</summary>
    private static readonly TimeSpan DecisionLimit = TimeSpan.FromMinutes(5);

    /// <returns>False when an order was lost, is stuck, or was charged twice.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Add("seed", $"{options.Seed}", $"{options.Minutes} min at {options.Rate} orders/s, an outage every {options.Every} s");
        report.Add("load average before", Report.Load, $"{Environment.ProcessorCount} processors");
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--Traffic:OrdersPerSecond=0", "--Ports=free", .. Replicated.Select(service => $"--Replicas:{service}=2")],
            (settings, _) => settings.DisableDashboard = false,
            cancellationToken
        );
        builder.Services.AddLogging(logging => logging.AddFilter(null, LogLevel.Error).AddFilter("AppHost.Resources", LogLevel.None));
        var adminKey = await builder
            .Resources.OfType<ParameterResource>()
            .Single(parameter => parameter.Name == "outside-admin-key")
            .GetValueAsync(cancellationToken);
        var apiKey = builder.Configuration["AppHost:DashboardApiKey"];

        await using var app = await builder.BuildAsync(cancellationToken);
        await app.StartAsync(cancellationToken);
        string[] needed = ["postgres", "redis", "rabbitmq", "observatory", "acquirer", "llm", "gateway", .. Replicated];
        foreach (var name in needed)
        {
            await app.ResourceNotifications.WaitForResourceHealthyAsync(name, WaitBehavior.StopOnResourceUnavailable, cancellationToken);
        }

        var acquirer = new OutsideCompany(app.GetEndpoint("acquirer", "http"), adminKey!);
        using var shoppers = await Shoppers.SignInAsync(app.GetEndpoint("gateway", "http"), cancellationToken);
        var health = new HealthWatch(app, Replicated);
        var outages = new Outages(app, acquirer, shoppers, new Random(options.Seed));

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(TimeSpan.FromMinutes(options.Minutes));
        var watching = health.WatchAsync(end.Token);
        var breaking = outages.RunAsync(TimeSpan.FromSeconds(options.Every), end.Token, cancellationToken);
        var placing = shoppers.PlaceAsync(options.Rate, end.Token, cancellationToken);

        // An outage that does not end, or orders that cannot be placed, end the run at once.
        try
        {
            await foreach (var ended in Task.WhenEach(watching, breaking, placing))
            {
                await ended;
            }
        }
        finally
        {
            await end.CancelAsync();
        }

        var books = await Books.CloseAsync(app, acquirer, shoppers.Accepted, DecisionLimit, cancellationToken);
        shoppers.Add(report);
        books.Add(report);
        outages.Add(report);
        health.Add(report);
        await AddIssuesAsync(app.GetEndpoint("observatory", "http"), apiKey!, cancellationToken);
        report.Add("load average after", Report.Load);
        return books.Balance;
    }

    /// <summary>The issues in Observatory.</summary>
    private async Task AddIssuesAsync(Uri observatory, string apiKey, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = observatory, DefaultRequestHeaders = { { "x-api-key", apiKey } } };
        var answer = JsonDocument.Parse(await http.GetStringAsync("/api/issues?limit=100", cancellationToken)).RootElement;
        var issues = answer.GetProperty("issues").EnumerateArray().ToList();
        report.Add("issues in Observatory", $"{issues.Count}");
        foreach (var issue in issues.Take(15))
        {
            var services = issue.GetProperty("services").EnumerateArray().Select(service => service.GetString());
            report.Add(
                $"  {issue.GetProperty("title").GetString()}",
                $"{issue.GetProperty("count")} events",
                $"{string.Join(", ", services)}: {issue.GetProperty("culprit").GetString()}"
            );
        }
    }
}
