using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.AppHost;

namespace Platform.Tests.Support;

/// <summary>
/// A platform beside the one of the other tests, started otherwise: two of orders, payments and worker, and services that send their
/// telemetry straight to Aspire's dashboard.
/// </summary>
[CollectionDefinition(nameof(SecondPlatform))]
public sealed class SecondPlatform(PlatformFixture platform) : IAsyncLifetime, ICollectionFixture<SecondPlatform>
{
    public static readonly string[] Replicated = ["orders", "payments", "worker"];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(6);

    private readonly string[] _needed = ["gateway", "orders", "payments", "worker", "rabbitmq", "observatory", "aspire-dashboard"];
    private DistributedApplication? _app;
    private Shopper? _shopper;

    public DistributedApplication App => _app ?? throw new InvalidOperationException("The platform did not start.");

    public Shop Shop { get; private set; } = null!;

    /// <summary>The API of Aspire's dashboard, which Observatory's is made like.</summary>
    public Telemetry Dashboard { get; private set; } = null!;

    public Telemetry Observatory { get; private set; } = null!;

    public OutsideCompany Acquirer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(platform.Unavailable is not null, platform.Unavailable ?? "");
        using var limit = new CancellationTokenSource(StartTimeout);
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            [
                "--Traffic:OrdersPerSecond=0",
                "--Ports=free",
                "--Servers=process",
                "--Telemetry=direct",
                .. Replicated.Select(service => $"--Replicas:{service}=2"),
            ],
            (options, _) => options.DisableDashboard = false,
            limit.Token
        );
        builder.Services.AddLogging(logging =>
            logging.AddFilter("AppHost.Resources", LogLevel.None).AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
        );
        var (apiKey, browserToken) = (builder.Configuration["AppHost:DashboardApiKey"], builder.Configuration["AppHost:BrowserToken"]);
        _app = await builder.BuildAsync(limit.Token);
        await _app.StartAsync(limit.Token);
        foreach (var name in _needed)
        {
            await _app.ResourceNotifications.WaitForResourceHealthyAsync(name, WaitBehavior.StopOnResourceUnavailable, limit.Token);
        }

        foreach (var service in Replicated)
        {
            await BothRunAsync(service);
        }

        var adminKey = await builder
            .Resources.OfType<ParameterResource>()
            .Single(parameter => parameter.Name == "outside-admin-key")
            .GetValueAsync(limit.Token);
        Acquirer = new OutsideCompany(_app.GetEndpoint("acquirer", "http"), adminKey!);
        Telemetry At(string resource) => new(_app.GetEndpoint(resource, "http"), apiKey, browserToken);
        (Dashboard, Observatory) = (At("aspire-dashboard"), At("observatory"));
        Shop = new Shop(_app.GetEndpoint("gateway", "http"));
        _shopper = await Shop.SignInAsync("acme", "acme-u01", limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync().AsTask().WaitAsync(PlatformFixture.StateTimeout);
        }
    }

    internal IReadOnlyList<ServiceInstance> Instances(string service = "orders") =>
        App.Services.GetRequiredService<InstanceDirectory>().Of(service);

    internal Task BothRunAsync(string service) =>
        Eventually.GetAsync(
            () => Task.FromResult(Instances(service).Count),
            count => count == 2,
            $"both instances of {service} run",
            PlatformFixture.StateTimeout
        );

    /// <summary>Places an order at that instance, not whichever the orchestrator's proxy would choose.</summary>
    internal async Task<Guid> PlaceAsync(ServiceInstance instance, CancellationToken cancellationToken)
    {
        using var http = Open(instance);
        using var answer = await new Shopper(http, _shopper!.Token).OrderAsync(
            Shopper.OneMug,
            CardInput.Valid,
            Guid.NewGuid(),
            cancellationToken
        );
        Assert.Equal(System.Net.HttpStatusCode.Accepted, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetGuid();
    }

    internal async Task<string?> StatusOfAsync(ServiceInstance instance, Guid order, CancellationToken cancellationToken)
    {
        using var http = Open(instance);
        return (await new Shopper(http, _shopper!.Token).GetAsync(order, cancellationToken))?.Status;
    }

    internal async Task<HttpResponseMessage> ProductsAsync(
        ServiceInstance instance,
        CancellationToken cancellationToken,
        string? traceId = null
    )
    {
        using var http = Open(instance);
        using var request = _shopper!.Request(HttpMethod.Get, "/api/products");
        if (traceId is not null)
        {
            request.Headers.Add("traceparent", $"00-{traceId}-00f067aa0ba902b7-01");
        }

        return await http.SendAsync(request, cancellationToken);
    }

    private HttpClient Open(ServiceInstance instance)
    {
        Assert.True(App.ResourceNotifications.TryGetCurrentState(instance.ResourceId, out var state));
        var address = state.Snapshot.EnvironmentVariables.Single(variable => variable.Name == "Kestrel__Endpoints__http__Url").Value!;
        return new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = new Uri(address) };
    }
}
