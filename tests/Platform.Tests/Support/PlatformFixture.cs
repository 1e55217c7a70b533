using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Platform.Faults;

[assembly: AssemblyFixture(typeof(Platform.Tests.Support.PlatformFixture))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Platform.Tests.Support;

/// <summary>
/// The whole platform, started once for all tests: real servers, real processes, random ports. Traffic is off; each test makes its own.
/// </summary>
public sealed class PlatformFixture : IAsyncLifetime
{
    /// <summary>From nothing to all healthy, servers to be installed included.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(8);

    /// <summary>From a command to what it was for, on a machine that does something else.</summary>
    internal static readonly TimeSpan StateTimeout = TimeSpan.FromMinutes(2);

    public static readonly string[] Services = ["gateway", "orders", "payments", "worker"];

    private static readonly string[] Everything =
    [
        "postgres",
        "redis",
        "rabbitmq",
        "prometheus",
        "observatory",
        "acquirer",
        "llm",
        .. Services,
    ];

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, string>> _environment = new();
    private DistributedApplication? _app;

    /// <summary>Why the platform cannot run here; null when it runs.</summary>
    public string? Unavailable { get; private set; }

    public DistributedApplication App => _app ?? throw new InvalidOperationException("The platform did not start.");

    public Shop Shop { get; private set; } = null!;

    public Telemetry Telemetry { get; private set; } = null!;

    /// <summary>Of the API of both dashboards; read before the start, since another AppHost may change the user secrets.</summary>
    public string? DashboardApiKey { get; private set; }

    /// <summary>Aspire's dashboard, with the key of its API.</summary>
    public HttpClient Dashboard { get; private set; } = null!;

    public OutsideCompany Acquirer { get; private set; } = null!;

    public OutsideCompany Llm { get; private set; } = null!;

    public string ManagementKey { get; private set; } = null!;

    public string MetricsToken { get; private set; } = null!;

    public PrometheusClient Prometheus { get; private set; } = null!;

    /// <summary>Breaks something, for as long as a test says; the test ends it.</summary>
    internal FaultClient Faults { get; private set; } = null!;

    public string WebhookSecret { get; private set; } = null!;

    public string SentryKey { get; private set; } = null!;

    public string AlertToken { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        using var limit = new CancellationTokenSource(StartTimeout);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--Traffic:OrdersPerSecond=0", "--Ports=free", "--Servers=process", "--Prometheus:Interval=2"],
            (options, _) => options.DisableDashboard = false,
            limit.Token
        );

        // Thousands of lines a run, which would bury the failures; ResourceLoggerService keeps them, and Observatory has the records.
        builder.Services.AddLogging(logging =>
            logging
                .AddFilter("AppHost.Resources", LogLevel.None)
                .AddFilter("System.Net.Http", LogLevel.Warning)
                .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
        );
        foreach (var service in Services)
        {
            // Evaluated at each start: a test changes a service's configuration and restarts it.
            var settings = _environment.GetOrAdd(service, _ => new());
            builder
                .CreateResourceBuilder<ProjectResource>(
                    builder.Resources.OfType<ProjectResource>().Single(resource => resource.Name == service)
                )
                .WithEnvironment(context =>
                {
                    // Waits between attempts grow to a second and not to five: what is given up after ten is given up in eight seconds.
                    context.EnvironmentVariables["Messaging__MaxBackoff"] = "00:00:01";

                    // Bursts of orders while the machine does something else: what is asserted is not how much the queue holds.
                    context.EnvironmentVariables["OTEL_BSP_MAX_QUEUE_SIZE"] = "16384";
                    foreach (var (name, value) in settings)
                    {
                        context.EnvironmentVariables[name] = value;
                    }
                });
        }

        var apiKey = DashboardApiKey = builder.Configuration["AppHost:DashboardApiKey"];
        var adminKey = await ParameterAsync("outside-admin-key");
        ManagementKey = await ParameterAsync("management-key");
        MetricsToken = await ParameterAsync("metrics-token");
        WebhookSecret = await ParameterAsync("acquirer-webhook-secret");
        SentryKey = await ParameterAsync("sentry-key");
        AlertToken = await ParameterAsync("alert-token");

        _app = await builder.BuildAsync(limit.Token);
        try
        {
            await _app.StartAsync(limit.Token);
            foreach (var name in Everything)
            {
                if (!await IsUpAsync(name, limit.Token))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"Not up within {StartTimeout.TotalMinutes} minutes: {string.Join(", ", Everything.Select(StateOf))}."
            );
        }

        await HealthyAsync(limit.Token);
        Shop = new Shop(_app.GetEndpoint("gateway", "http"));
        Telemetry = new Telemetry(_app.GetEndpoint("observatory", "http"), apiKey, builder.Configuration["AppHost:BrowserToken"]);
        Dashboard = new HttpClient
        {
            BaseAddress = _app.GetEndpoint("aspire-dashboard", "http"),
            DefaultRequestHeaders = { { "x-api-key", apiKey } },
        };
        Prometheus = new PrometheusClient(_app.GetEndpoint("prometheus", "http"));
        Acquirer = new OutsideCompany(_app.GetEndpoint("acquirer", "http"), adminKey);
        Llm = new OutsideCompany(_app.GetEndpoint("llm", "http"), adminKey);
        var control = _app.Services.GetRequiredService<FaultControl>();
        Faults = new FaultClient(control.Address, control.Key);

        async Task<string> ParameterAsync(string name) =>
            await builder.Resources.OfType<ParameterResource>().Single(parameter => parameter.Name == name).GetValueAsync(limit.Token)
            ?? throw new InvalidOperationException($"The parameter {name} has no value.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync().AsTask().WaitAsync(StateTimeout);
        }
    }

    /// <summary>Runs a built-in or custom command and fails unless it succeeded.</summary>
    public async Task CommandAsync(string resource, string command, CancellationToken cancellationToken)
    {
        var result = await App
            .ResourceCommands.ExecuteCommandAsync(resource, command, cancellationToken)
            .WaitAsync(StateTimeout, cancellationToken);
        Assert.True(result.Success, $"{command} on {resource}: {result.Message}");
    }

    /// <summary>Stops a resource and waits until it is down.</summary>
    public async Task StopAsync(string resource, CancellationToken cancellationToken)
    {
        await CommandAsync(resource, KnownResourceCommands.StopCommand, cancellationToken);
        await EndedAsync(resource, cancellationToken);
    }

    /// <summary>Starts a resource and waits until it is healthy.</summary>
    public Task StartAsync(string resource, CancellationToken cancellationToken) =>
        RunAgainAsync(resource, KnownResourceCommands.StartCommand, cancellationToken);

    /// <summary>Deploys a service and waits until it is healthy.</summary>
    public Task DeployAsync(string service, CancellationToken cancellationToken) => RunAgainAsync(service, "deploy", cancellationToken);

    // What the orchestrator tells of the process before stays for a moment after the command.
    private async Task RunAgainAsync(string resource, string command, CancellationToken cancellationToken)
    {
        var before = App.ResourceNotifications.TryGetCurrentState(resource, out var state) ? Find(state, "executable.pid") : null;
        await CommandAsync(resource, command, cancellationToken);
        await StateAsync(
            resource,
            now => Find(now, "executable.pid") != before && now.Snapshot.HealthStatus == HealthStatus.Healthy,
            $"{resource} is healthy after {command}",
            cancellationToken
        );
    }

    /// <summary>Waits until the process of a resource has ended.</summary>
    public Task<ResourceEvent> EndedAsync(string resource, CancellationToken cancellationToken) =>
        StateAsync(
            resource,
            now => KnownResourceStates.TerminalStates.Contains(now.Snapshot.State?.Text),
            $"{resource} has ended",
            cancellationToken
        );

    /// <summary>Waits for a state of a resource; the failure says in which it was.</summary>
    /// <exception cref="TimeoutException">It was not in that state within two minutes.</exception>
    public async Task<ResourceEvent> StateAsync(
        string resource,
        Func<ResourceEvent, bool> condition,
        string what,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await App
                .ResourceNotifications.WaitForResourceAsync(resource, condition, cancellationToken)
                .WaitAsync(StateTimeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{what}: not within {StateTimeout.TotalSeconds} s; last seen: {StateOf(resource)}");
        }
    }

    private string StateOf(string resource) =>
        App.ResourceNotifications.TryGetCurrentState(resource, out var state)
            ? $"{resource} {state.Snapshot.State?.Text} {state.Snapshot.HealthStatus} (exit code {state.Snapshot.ExitCode})"
            : $"{resource} unknown";

    /// <summary>Gives services another setting and restarts them at once; null takes the setting back.</summary>
    public Task ReconfigureAsync(
        IReadOnlyCollection<string> services,
        string name,
        string? value,
        CancellationToken cancellationToken,
        bool restart = true
    ) => ReconfigureAsync(services, new Dictionary<string, string?> { [name] = value }, cancellationToken, restart);

    public async Task ReconfigureAsync(
        IReadOnlyCollection<string> services,
        IReadOnlyDictionary<string, string?> settings,
        CancellationToken cancellationToken,
        bool restart = true
    )
    {
        foreach (var service in services)
        {
            foreach (var (name, value) in settings)
            {
                if (value is null)
                {
                    _environment[service].TryRemove(name, out _);
                }
                else
                {
                    _environment[service][name] = value;
                }
            }
        }

        if (restart)
        {
            await Task.WhenAll(
                services.Select(async service =>
                {
                    await StopAsync(service, cancellationToken);
                    await StartAsync(service, cancellationToken);
                })
            );
        }
    }

    /// <summary>The process id of a resource's only instance.</summary>
    public int ProcessIdOf(string resource) =>
        int.Parse(Property(resource, "executable.pid"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Where every server and scratch folder of this run is.</summary>
    public string RunFolder => Path.GetDirectoryName(WorkingDirectoryOf("postgres"))!;

    public string WorkingDirectoryOf(string resource) => Property(resource, "executable.workDir");

    /// <summary>A connection string with all rights; the services have a login each.</summary>
    public async Task<string> DatabaseAsync(string name, CancellationToken cancellationToken) =>
        await App.GetConnectionStringAsync(name, cancellationToken)
        ?? throw new InvalidOperationException($"{name} has no connection string.");

    /// <summary>
    /// Waits until every service reaches all that it depends on; Degraded, who still looks for RabbitMQ, counts as healthy elsewhere.
    /// </summary>
    public async Task HealthyAsync(CancellationToken cancellationToken)
    {
        foreach (var service in Services)
        {
            using var http = App.CreateHttpClient(service, "management");
            await Eventually.GetAsync(
                () => StatusAsync(http),
                status => status == "Healthy",
                $"{service} is healthy",
                TimeSpan.FromMinutes(1)
            );
        }

        async Task<string?> StatusAsync(HttpClient http)
        {
            try
            {
                using var answer = await http.GetAsync("/health", cancellationToken);
                return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("status").GetString();
            }
            catch (HttpRequestException exception)
            {
                // It may be starting; who waits in vain is told.
                return exception.Message;
            }
        }
    }

    private string Property(string resource, string name)
    {
        Assert.True(App.ResourceNotifications.TryGetCurrentState(resource, out var state), $"{resource} has no state.");
        return Find(state, name) ?? throw new InvalidOperationException($"{resource} has no property {name}.");
    }

    private static string? Find(ResourceEvent state, string property) =>
        state.Snapshot.Properties.FirstOrDefault(candidate => candidate.Name == property)?.Value?.ToString();

    private async Task<bool> IsUpAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await App.ResourceNotifications.WaitForResourceHealthyAsync(name, WaitBehavior.StopOnResourceUnavailable, cancellationToken);
            return true;
        }
        catch (DistributedApplicationException exception) when (Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") != "1")
        {
            Unavailable = $"{name} does not run here: {exception.Message}";
            return false;
        }
    }
}
