using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Platform.AppHost;
using Platform.Bench;

namespace Platform.Soak;

/// <summary>The health of each instance, polled every second.</summary>
internal sealed class HealthWatch(DistributedApplication app, IReadOnlyList<string> services)
{
    // By service and status: bounded by the statuses there are.
    private readonly ConcurrentDictionary<(string Service, string Status), int> _seen = new();

    public async Task WatchAsync(CancellationToken end)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var directory = app.Services.GetRequiredService<InstanceDirectory>();
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                await Task.WhenAll(
                    services
                        .SelectMany(directory.Of)
                        .Select(async instance =>
                        {
                            var status = await StatusAsync(http, new Uri(instance.Management, "/health"), end);
                            _seen.AddOrUpdate((instance.Resource, status), 1, (_, count) => count + 1);
                        })
                );
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
    }

    public void Add(Report report)
    {
        foreach (var service in services)
        {
            var seen = _seen.Where(pair => pair.Key.Service == service).OrderByDescending(pair => pair.Value).ToList();
            var all = seen.Sum(pair => pair.Value);
            report.Add(
                $"/health of {service}",
                string.Join(", ", seen.Select(pair => $"{pair.Key.Status} {100.0 * pair.Value / Math.Max(all, 1):0.0} %"))
            );
        }
    }

    private static async Task<string> StatusAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(address, cancellationToken);
            return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("status").GetString()!;
        }
        catch (Exception exception)
            when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return "no answer";
        }
    }
}
