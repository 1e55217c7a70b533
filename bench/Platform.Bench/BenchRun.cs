using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Platform.Bench;

/// <summary>Starts the whole platform, and places orders alternately with and without telemetry.</summary>
internal sealed class BenchRun(BenchOptions options, Report report)
{
    // The services that accept an order, and those that process it.
    private static readonly string[] Front = ["gateway", "orders"];
    private static readonly string[] Back = ["payments", "worker"];

    // The standard switch of the OpenTelemetry specification, and no DSN. Console logs and .NET's built-in metrics stay, as in any service.
    private readonly Dictionary<string, string> _off = new() { ["OTEL_SDK_DISABLED"] = "true", ["SENTRY_DSN"] = "" };

    private Dictionary<string, string> _now = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        report.Add("load average before", Report.Load, $"{Environment.ProcessorCount} processors");
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--Traffic:OrdersPerSecond=0", "--Ports=free"],
            (settings, _) => settings.DisableDashboard = false,
            cancellationToken
        );
        builder.Services.AddLogging(logging => logging.AddFilter(null, LogLevel.Error).AddFilter("AppHost.Resources", LogLevel.None));

        foreach (
            var project in builder
                .Resources.OfType<ProjectResource>()
                .Where(project => Front.Contains(project.Name) || Back.Contains(project.Name))
                .ToList()
        )
        {
            builder
                .CreateResourceBuilder(project)
                .WithEnvironment(context =>
                {
                    foreach (var (name, value) in _now)
                    {
                        context.EnvironmentVariables[name] = value;
                    }
                });
        }

        // Resources that start by themselves: Aspire's project rebuilders wait for a command.
        var names = builder
            .Resources.OfType<IResourceWithWaitSupport>()
            .Where(resource => !resource.HasAnnotationOfType<ExplicitStartupAnnotation>())
            .Select(resource => resource.Name)
            .Where(name => name != "traffic")
            .ToList();
        await using var app = await builder.BuildAsync(cancellationToken);
        await new StartTimes(app, names, report).MeasureAsync(cancellationToken);
        Memory.Add(report);
        var buyers = await Buyers.SignInAsync(app.GetEndpoint("gateway", "http"), options.Shoppers, cancellationToken);
        var straight = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = app.GetEndpoint("aspire-dashboard", "otlp-grpc").ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
        };
        var (through, direct, off) = (new List<Turn>(), new List<Turn>(), new List<Turn>());

        for (var round = 0; round < options.Rounds; round++)
        {
            through.Add(await TurnAsync(app, buyers, [], "through Observatory", cancellationToken));
            direct.Add(await TurnAsync(app, buyers, straight, "straight to Aspire's dashboard", cancellationToken));
            off.Add(await TurnAsync(app, buyers, _off, "without telemetry", cancellationToken));
        }

        Add("accepted alone, through Observatory / without", turn => turn.Accepted, through, off, goal: true);
        Add("accepted alone, straight to the dashboard / without", turn => turn.Accepted, direct, off, goal: false);
        Add("placed to fulfilled, through Observatory / without", turn => turn.Fulfilled, through, off, goal: false);
        Add("placed to fulfilled, straight to the dashboard / without", turn => turn.Fulfilled, direct, off, goal: false);
        report.Add("load average after", Report.Load);
    }

    private async Task<Turn> TurnAsync(
        DistributedApplication app,
        Buyers buyers,
        Dictionary<string, string> settings,
        string name,
        CancellationToken cancellationToken
    )
    {
        _now = settings;

        // The processing services would compete for CPU with those that accept orders.
        await Task.WhenAll(Back.Select(service => CommandAsync(app, service, KnownResourceCommands.StopCommand, cancellationToken)));
        await Task.WhenAll(Front.Select(service => StartedAsync(app, service, KnownResourceCommands.RestartCommand, cancellationToken)));

        // Warm-up: each new process pays for its JIT once.
        var (_, first) = await buyers.PlaceAsync(options.Orders, cancellationToken);
        var (accepting, second) = await buyers.PlaceAsync(options.Orders, cancellationToken);
        await Task.WhenAll(Back.Select(service => StartedAsync(app, service, KnownResourceCommands.StartCommand, cancellationToken)));
        await buyers.FulfilledAsync([.. first, .. second], cancellationToken);

        var clock = Stopwatch.StartNew();
        var (_, third) = await buyers.PlaceAsync(options.Orders, cancellationToken);
        await buyers.FulfilledAsync(third, cancellationToken);
        var turn = new Turn(options.Orders / accepting.TotalSeconds, options.Orders / clock.Elapsed.TotalSeconds);
        Console.Error.WriteLine($"{name}: {turn.Accepted:N0} orders/s accepted, {turn.Fulfilled:N0} fulfilled");
        return turn;
    }

    private static async Task CommandAsync(DistributedApplication app, string service, string command, CancellationToken cancellationToken)
    {
        var result = await app.ResourceCommands.ExecuteCommandAsync(service, command, cancellationToken);

        if (!result.Success)
        {
            throw new InvalidOperationException($"{command} of {service}: {result.Message}");
        }
    }

    /// <summary>Runs the command and waits until a new process is healthy: the state of the previous one lingers for a moment.</summary>
    private static async Task StartedAsync(DistributedApplication app, string service, string command, CancellationToken cancellationToken)
    {
        var before = app.ResourceNotifications.TryGetCurrentState(service, out var current) ? Process(current) : null;
        await CommandAsync(app, service, command, cancellationToken);
        await app.ResourceNotifications.WaitForResourceAsync(
            service,
            state => Process(state) != before && state.Snapshot.HealthStatus == HealthStatus.Healthy,
            cancellationToken
        );

        static object? Process(ResourceEvent state) =>
            state.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;
    }

    private void Add(string what, Func<Turn, double> figure, List<Turn> with, List<Turn> without, bool goal)
    {
        var (on, off) = (Median(with.Select(figure)), Median(without.Select(figure)));
        var text = $"{on:N0} / {off:N0} orders/s, {100 * (1 - (on / off)):N0} % less";

        if (goal)
        {
            report.Add(what, text, "at most 25 % less", on / off >= 0.75);
        }
        else
        {
            report.Add(what, text);
        }
    }

    /// <summary>Orders a second: accepted while processing is stopped, and from the first placed to the last fulfilled.</summary>
    private sealed record Turn(double Accepted, double Fulfilled);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
