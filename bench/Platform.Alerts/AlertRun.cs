using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Bench;
using Platform.Faults;

namespace Platform.Alerts;

/// <summary>
/// The platform with traffic: without any fault, and then nothing may fire; or with one fault after the other, and then each alert fires.
/// </summary>
internal sealed class AlertRun(AlertOptions options, Report report)
{
    private const string Watchdog = "Watchdog";

    private static readonly string[] Lists = ["history", "firing"];

    // Before anything is broken: what is usual, and rates over five minutes.
    private static readonly TimeSpan Settle = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    // A fault is undone, and the services find what they had lost.
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(30);

    /// <returns>False when an alert fired that should not, or did not fire that should.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        report.Add("load average before", Report.Load, $"{Environment.ProcessorCount} processors");
        string[] settings = options.Mode switch
        {
            "quiet" => [],
            "critical" => ["--Prometheus:Interval=1"],
            _ => ["--Prometheus:Interval=1", "--Prometheus:For=5"],
        };
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--Ports=free", .. settings],
            (host, _) => host.DisableDashboard = false,
            cancellationToken
        );
        builder.Services.AddLogging(logging => logging.AddFilter(null, LogLevel.Error).AddFilter("AppHost.Resources", LogLevel.None));
        var apiKey = builder.Configuration["AppHost:DashboardApiKey"];
        await using var app = await builder.BuildAsync(cancellationToken);
        await app.StartAsync(cancellationToken);
        foreach (var name in new[] { "gateway", "orders", "payments", "worker", "prometheus", "alertmanager", "observatory" })
        {
            await app.ResourceNotifications.WaitForResourceHealthyAsync(name, WaitBehavior.StopOnResourceUnavailable, cancellationToken);
        }

        using var observatory = new HttpClient
        {
            BaseAddress = app.GetEndpoint("observatory", "http"),
            DefaultRequestHeaders = { { "x-api-key", apiKey } },
        };
        var met =
            options.Mode == "quiet"
                ? await StayQuietAsync(observatory, cancellationToken)
                : await BreakAsync(app, observatory, cancellationToken);
        report.Add("load average after", Report.Load);
        return met;
    }

    private async Task<bool> StayQuietAsync(HttpClient observatory, CancellationToken cancellationToken)
    {
        var fired = new Dictionary<string, string>();
        using var timer = new PeriodicTimer(Poll);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromMinutes(options.Minutes) && await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var alert in await AlertsAsync(observatory, DateTimeOffset.MinValue, cancellationToken))
            {
                fired.TryAdd(alert.Name, $"{clock.Elapsed.TotalMinutes:0.0} min: {alert.Summary}");
            }
        }

        report.Add($"alerts in {options.Minutes} min without a fault", $"{fired.Count}", "0", fired.Count == 0);
        foreach (var (name, text) in fired)
        {
            report.Add($"  {name}", text);
        }

        return fired.Count == 0;
    }

    private async Task<bool> BreakAsync(DistributedApplication app, HttpClient observatory, CancellationToken cancellationToken)
    {
        var control = app.Services.GetRequiredService<FaultControl>();
        var faults = new FaultClient(control.Address, control.Key);
        await Task.Delay(Settle, cancellationToken);
        var all = true;
        foreach (var phase in options.Phases)
        {
            var what = string.Join(" + ", phase.Causes.Select(cause => $"{cause.Resource} {cause.Fault}"));
            var since = DateTimeOffset.UtcNow;
            foreach (var cause in phase.Causes)
            {
                await BeginAsync(app, faults, cause, phase.Limit, cancellationToken);
            }

            var seen = await WatchAsync(observatory, phase, since, cancellationToken);
            await faults.EndAllAsync(null, cancellationToken);
            foreach (var cause in phase.Causes.Where(cause => cause.Fault == Cause.Stop))
            {
                await app.ResourceCommands.ExecuteCommandAsync(cause.Resource, KnownResourceCommands.StartCommand, cancellationToken);
            }

            foreach (var alert in phase.Alerts)
            {
                all &= seen.ContainsKey(alert);
                report.Add(alert, seen.TryGetValue(alert, out var after) ? $"{after.TotalSeconds:0} s" : "did not fire", what);
            }

            var others = seen.Keys.Except(phase.Alerts).Order(StringComparer.Ordinal).ToList();
            report.Add("  with it", others.Count == 0 ? "nothing" : string.Join(", ", others));
            await Task.Delay(Between, cancellationToken);
        }

        return all;
    }

    private static async Task BeginAsync(
        DistributedApplication app,
        FaultClient faults,
        Cause cause,
        TimeSpan limit,
        CancellationToken cancellationToken
    )
    {
        if (cause.Fault == Cause.Stop)
        {
            await app.ResourceCommands.ExecuteCommandAsync(cause.Resource, KnownResourceCommands.StopCommand, cancellationToken);
            return;
        }

        await faults.InjectAsync(
            cause.Resource,
            cause.Fault,
            new FaultRequest(Strength: cause.Strength, Minutes: Math.Min(limit.TotalMinutes + 1, 30), Scope: cause.Scope),
            cancellationToken
        );
    }

    // How long each took; until all that must fire have fired, or the limit.
    private static async Task<Dictionary<string, TimeSpan>> WatchAsync(
        HttpClient observatory,
        Phase phase,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var seen = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        using var timer = new PeriodicTimer(Poll);
        while (
            DateTimeOffset.UtcNow - since < phase.Limit
            && !phase.Alerts.All(seen.ContainsKey)
            && await timer.WaitForNextTickAsync(cancellationToken)
        )
        {
            foreach (var alert in await AlertsAsync(observatory, since, cancellationToken))
            {
                seen.TryAdd(alert.Name, DateTimeOffset.UtcNow - since);
            }
        }

        return seen;
    }

    // What was told, and what fires and is told to nobody because it follows from another.
    private static async Task<IReadOnlyList<(string Name, string Summary)>> AlertsAsync(
        HttpClient observatory,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var answer = await observatory.GetFromJsonAsync<JsonElement>("/api/alerts", cancellationToken);
        return
        [
            .. Lists
                .SelectMany(list => answer.GetProperty(list).EnumerateArray())
                .Where(alert => alert.GetProperty("startedAt").GetDateTimeOffset() >= since)
                .Select(alert => (Name: alert.GetProperty("name").GetString()!, Summary: alert.GetProperty("summary").GetString()!))
                .Where(alert => alert.Name != Watchdog),
        ];
    }
}
