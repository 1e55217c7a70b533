using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.Bench;

/// <summary>Starts the whole platform, and lets it take orders with and without telemetry in turns.</summary>
internal sealed class BenchRun(BenchOptions options, Report report)
{
    // Those that accept an order, and those that take it further.
    private static readonly string[] Front = ["gateway", "orders"];
    private static readonly string[] Back = ["payments", "worker"];

    // The switch of OpenTelemetry's own specification, and no address for errors. The services' console lines and the metrics that .NET keeps
    // for itself stay, as they would in a service without any of this.
    private readonly Dictionary<string, string> _off = new() { ["OTEL_SDK_DISABLED"] = "true", ["Observatory__SentryKey"] = "" };
    private Dictionary<string, string> _now = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        report.Add("load average before", Report.Load, $"{Environment.ProcessorCount} processors");
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--Traffic:OrdersPerSecond=0"], cancellationToken);
        builder.Services.AddLogging(logging => logging.AddFilter(null, LogLevel.Error).AddFilter("AppHost.Resources", LogLevel.None));

        foreach (var project in builder.Resources.OfType<ProjectResource>().Where(project => Front.Contains(project.Name) || Back.Contains(project.Name)).ToList())
        {
            builder.CreateResourceBuilder(project).WithEnvironment(context =>
            {
                foreach (var (name, value) in _now)
                {
                    context.EnvironmentVariables[name] = value;
                }
            });
        }

        var names = builder.Resources.OfType<IResourceWithWaitSupport>().Select(resource => resource.Name).Where(name => name != "traffic").ToList();
        await using var app = await builder.BuildAsync(cancellationToken);
        await new StartTimes(app, names, report).MeasureAsync(cancellationToken);
        Memory.Add(report);
        var buyers = await Buyers.SignInAsync(app.GetEndpoint("gateway", "http"), options.Shoppers, cancellationToken);
        var (with, without) = (new List<Turn>(), new List<Turn>());

        for (var round = 0; round < options.Rounds; round++)
        {
            with.Add(await TurnAsync(app, buyers, [], "with telemetry", cancellationToken));
            without.Add(await TurnAsync(app, buyers, _off, "without", cancellationToken));
        }

        Add("accepted alone", turn => turn.Accepted, with, without, goal: true);
        Add("placed to fulfilled", turn => turn.Fulfilled, with, without, goal: false);
        report.Add("load average after", Report.Load);
    }

    private async Task<Turn> TurnAsync(DistributedApplication app, Buyers buyers, Dictionary<string, string> settings, string name, CancellationToken cancellationToken)
    {
        _now = settings;

        // Whoever takes orders further would take processor time from those who accept them, the more of it the faster they are accepted.
        await Task.WhenAll(Back.Select(service => CommandAsync(app, service, KnownResourceCommands.StopCommand, cancellationToken)));
        await Task.WhenAll(Front.Select(service => CommandAsync(app, service, KnownResourceCommands.RestartCommand, cancellationToken)));
        await HealthyAsync(app, Front, cancellationToken);

        // The first are the compiler's, whose share each new process pays once.
        var (_, first) = await buyers.PlaceAsync(options.Orders, cancellationToken);
        var (accepting, second) = await buyers.PlaceAsync(options.Orders, cancellationToken);
        await Task.WhenAll(Back.Select(service => CommandAsync(app, service, KnownResourceCommands.StartCommand, cancellationToken)));
        await HealthyAsync(app, Back, cancellationToken);
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

    private static async Task HealthyAsync(DistributedApplication app, string[] services, CancellationToken cancellationToken) =>
        await Task.WhenAll(services.Select(service => app.ResourceNotifications.WaitForResourceHealthyAsync(service, cancellationToken)));

    private void Add(string what, Func<Turn, double> figure, List<Turn> with, List<Turn> without, bool goal)
    {
        var (on, off) = (Median(with.Select(figure)), Median(without.Select(figure)));
        var text = $"{on:N0} / {off:N0} orders/s, {100 * (1 - (on / off)):N0} % less";

        if (goal)
        {
            report.Add($"{what}, with / without telemetry", text, "at most 25 % less", on / off >= 0.75);
        }
        else
        {
            report.Add($"{what}, with / without telemetry", text);
        }
    }

    /// <summary>Orders a second: accepted while nobody takes them further, and from the first placed to the last fulfilled.</summary>
    private sealed record Turn(double Accepted, double Fulfilled);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
