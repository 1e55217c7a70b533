using System.Net.Http.Json;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Platform.Prometheus;

/// <summary>Silences the alerts of a resource while somebody stops or restarts it; each silence ends by itself.</summary>
internal sealed partial class RestartSilences(
    AlertmanagerResource alertmanager,
    ResourceNotificationService notifications,
    ILogger<RestartSilences> logger
) : BackgroundService
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    // Replicas that are restarted together have one silence.
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    // Bounded by the resources of the model.
    private readonly Dictionary<string, DateTimeOffset> _last = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var http = new HttpClient { Timeout = Limit };
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            var now = TimeProvider.System.GetUtcNow();
            if (
                alertmanager.Silenced.Contains(change.Resource)
                && change.Snapshot.State?.Text == KnownResourceStates.Stopping
                && (!_last.TryGetValue(change.Resource.Name, out var last) || now - last > Together)
            )
            {
                _last[change.Resource.Name] = now;
                await SilenceAsync(http, change.Resource.Name, now, stoppingToken);
            }
        }
    }

    private async Task SilenceAsync(HttpClient http, string job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Limit);
            var address = await alertmanager.Http.GetValueAsync(limit.Token);
            using var response = await http.PostAsJsonAsync(
                $"{address}/api/v2/silences",
                new
                {
                    matchers = new[]
                    {
                        new
                        {
                            name = "job",
                            value = job,
                            isRegex = false,
                            isEqual = true,
                        },
                    },
                    startsAt = now,
                    endsAt = now + Length,
                    createdBy = "AppHost",
                    comment = $"{job} is stopped or restarted",
                },
                limit.Token
            );
            response.EnsureSuccessStatusCode();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The deploy goes on; somebody may be told of it.
            LogNotSilenced(job, exception.Message);
        }
    }

    [LoggerMessage(EventId = 9401, Level = LogLevel.Warning, Message = "The restart of {Resource} is not silenced: {Reason}")]
    private partial void LogNotSilenced(string resource, string reason);
}
