using System.Globalization;
using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Platform.Faults;

/// <summary>Keeps the faults' resource and their commands up to date: what is on, and for how long still.</summary>
internal sealed partial class FaultsView(
    FaultsResource resource,
    FaultRunner runner,
    ResourceInstances instances,
    ResourceNotificationService notifications,
    TimeProvider time,
    ILogger<FaultsView> logger
) : EarlyService
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http = new() { Timeout = Refresh };
    private string? _failure;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var changed = new SemaphoreSlim(1);
        runner.Changed += Wake;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                if (await changed.WaitAsync(Refresh, stoppingToken))
                {
                    await UpdateCommandsAsync();
                }

                await notifications.PublishUpdateAsync(resource, Show);
                await TellAsync(stoppingToken);
            }
        }
        finally
        {
            runner.Changed -= Wake;
        }

        // More than one pending wake is one too many, and harmless.
        void Wake() => changed.Release();
    }

    // A published snapshot has its commands' states computed anew.
    private async Task UpdateCommandsAsync()
    {
        foreach (var name in runner.Faults.Select(fault => fault.Resource).Distinct())
        {
            foreach (var id in instances.Of(name))
            {
                if (notifications.TryGetCurrentState(id, out var current))
                {
                    await notifications.PublishUpdateAsync(current.Resource, id, snapshot => snapshot);
                }
            }
        }
    }

    // The whole list each time: an observer that was restarted knows it again after a few seconds.
    private async Task TellAsync(CancellationToken cancellationToken)
    {
        var faults = FaultControl.StatesOf(runner).Where(fault => fault.ByHand).ToList();
        if (resource.Observer is not { } observer || faults.Count == 0)
        {
            return;
        }

        // A reference remembers for good that it is not allocated.
        var endpoint = observer.Endpoint.Resource.GetEndpoint(observer.Endpoint.EndpointName);
        if (!endpoint.IsAllocated)
        {
            return;
        }

        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(new Uri(endpoint.Url), observer.Path))
        {
            Content = JsonContent.Create(new { Faults = faults }),
        };
        if (observer.Key is { } key)
        {
            request.Headers.Add(observer.KeyHeader, key);
        }

        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            IsTold(response.IsSuccessStatusCode ? null : $"status {(int)response.StatusCode}");
        }
        catch (Exception exception)
            when (exception is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            IsTold(exception.Message);
        }
    }

    // Said once, until it succeeds again.
    private void IsTold(string? failure)
    {
        if (failure is not null && _failure is null)
        {
            LogNotTold(failure);
        }

        _failure = failure;
    }

    private CustomResourceSnapshot Show(CustomResourceSnapshot before)
    {
        var faults = runner.InjectedNow;
        return before with
        {
            State = faults switch
            {
                [] => new ResourceStateSnapshot("None is on", KnownResourceStateStyles.Success),
                [var one] => new ResourceStateSnapshot($"{NameOf(one)}, {Left(one)} left", KnownResourceStateStyles.Warn),
                _ => new ResourceStateSnapshot(
                    $"{faults.Count} are on: {string.Join("; ", faults.Select(NameOf))}",
                    KnownResourceStateStyles.Warn
                ),
            },
            Properties =
            [
                .. faults.Select(fault => new ResourcePropertySnapshot(
                    NameOf(fault),
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{(fault.Strength is { } strength ? $"strength {strength}, " : "")}{Left(fault)} left"
                    )
                )),
            ],
        };
    }

    private static string NameOf(InjectedFault fault) => $"{fault.Resource} {fault.Name} {fault.Scope}".TrimEnd();

    private string Left(InjectedFault fault)
    {
        var left = fault.EndsAt - time.GetUtcNow();
        return left < TimeSpan.FromMinutes(1) ? "less than a minute" : $"{Math.Ceiling(left.TotalMinutes)} min";
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    [LoggerMessage(
        EventId = 9306,
        EventName = "fault.not_told",
        Level = LogLevel.Warning,
        Message = "The observer of faults was not told: {Reason}. It is tried again"
    )]
    private partial void LogNotTold(string reason);
}
