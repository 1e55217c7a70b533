using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Platform.Observatory.Access;
using Platform.Observatory.Alerts;
using Platform.Observatory.Api;
using Platform.Observatory.Components;
using Platform.Observatory.Deploys;
using Platform.Observatory.Envelopes;
using Platform.Observatory.Faults;
using Platform.Observatory.Forward;
using Platform.Observatory.History;
using Platform.Observatory.Incidents;
using Platform.Observatory.Ingest;
using Platform.Observatory.Issues;
using Platform.Observatory.Layout;
using Platform.Observatory.Login;
using Platform.Observatory.Logs;
using Platform.Observatory.Map;
using Platform.Observatory.Metrics;
using Platform.Observatory.Monitors;
using Platform.Observatory.Objectives;
using Platform.Observatory.Overview;
using Platform.Observatory.OwnTelemetry;
using Platform.Observatory.Receiving;
using Platform.Observatory.Recovery;
using Platform.Observatory.Releases;
using Platform.Observatory.Runbooks;
using Platform.Observatory.Search;
using Platform.Observatory.Settings;
using Platform.Observatory.Storage;
using Platform.Observatory.Store;
using Platform.Observatory.Text;
using Platform.Observatory.Traces;
using Platform.Observatory.Watch;

namespace Platform.Observatory;

/// <summary>Builds the application; separate from Program so that tests can run it.</summary>
internal static class ObservatoryApp
{
    /// <summary>Configure can replace services, for failure tests.</summary>
    public static WebApplication Create(string[] args, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        var listeners = new Listeners();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            listeners.Configure(kestrel, builder.Configuration);
        });

        // Live streams end at once on shutdown; everything else gets this long.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder
            .Services.AddOptions<ObservatoryOptions>()
            .BindConfiguration(ObservatoryOptions.SectionName)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder
            .Services.AddSingleton(TimeProvider.System)
            .AddSingleton(listeners)
            .AddSingleton<StoreMetrics>()
            .AddTransient<StoreViewBuilder>();
        builder.Services.AddSingleton<TelemetryStore>().AddSingleton<BodyBudget>().AddSingleton<RefusalLog>();
        builder.Services.AddSingleton<HistoryLog>().AddSingleton<ErrorRecords>().AddSingleton<Replay>().AddHostedService<HistoryService>();
        AddQueue(builder.Services, store => store.Spans);
        AddQueue(builder.Services, store => store.Logs);
        builder.Services.AddSingleton<Intake>().AddSingleton<OtlpHttp>();
        GrpcCalls.Add(builder.Services);
        builder
            .Services.AddSingleton<IssueStore>()
            .AddSingleton<IssueChanges>()
            .AddSingleton<MonitorStore>()
            .AddSingleton<DeployStore>()
            .AddSingleton<FaultStore>()
            .AddSingleton<AlertStore>()
            .AddSingleton<AlertLog>()
            .AddSingleton<AlertMetricReader>()
            .AddSingleton<RunbookFolder>()
            .AddSingleton<JsonSource>()
            .AddSingleton<Prometheus>()
            .AddSingleton<AlertSources>()
            .AddHostedService(provider => provider.GetRequiredService<AlertSources>())
            .AddSingleton<FindingAlerts>()
            .AddSingleton<IssueAlerts>()
            .AddSingleton<ForgottenAlerts>()
            .AddHostedService<Watcher>()
            .AddSingleton<IncidentStore>()
            .AddSingleton<ObjectiveSources>()
            .AddHostedService(provider => provider.GetRequiredService<ObjectiveSources>())
            .AddSingleton<TimelineBuilder>()
            .AddTransient<IssueViewBuilder>()
            .AddTransient<OverviewBuilder>()
            .AddTransient<TraceListBuilder>()
            .AddTransient<MapBuilder>()
            .AddTransient<LogListBuilder>()
            .AddSingleton<LogTail>()
            .AddSingleton<ItemCounters>();
        builder
            .Services.AddSingleton<SentryKeys>()
            .AddSingleton<EventRate>()
            .AddSingleton<EnvelopeContents>()
            .AddSingleton<EnvelopeIntake>()
            .AddSingleton<EnvelopeHttp>();
        builder.Services.AddSingleton(provider => new AspireDashboard(
            provider.GetRequiredService<IOptions<ObservatoryOptions>>().Value.DashboardUrl
        ));

        // The host would log request URLs, and a login URL contains the token.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        builder.Services.AddSingleton<TelemetryApi>().AddProblemDetails().AddRazorComponents();
        builder.AddAccess();

        // Unreadable requests get a response, in Development too, and are not logged as our errors.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = false);
        builder.Services.AddForwarding();
        builder.AddOwnTelemetry();
        configure?.Invoke(builder.Services);

        var app = builder.Build();
        Branch(
            app,
            Listener.OtlpGrpc,
            branch =>
            {
                branch.UseHopGate();
                GrpcCalls.Use(branch);
            }
        );
        Branch(app, Listener.OtlpHttp, branch => branch.UseHopGate().Run(app.Services.GetRequiredService<OtlpHttp>().HandleAsync));
        Branch(app, Listener.Management, branch => branch.Run(Management.HandleAsync));
        app.MapWhen(
            context => Listeners.Of(context) == Listener.Http && EnvelopeHttp.IsEnvelope(context),
            branch => branch.UseHopGate().Run(app.Services.GetRequiredService<EnvelopeHttp>().HandleAsync)
        );
        Branch(app, Listener.Http, UsePages);
        return app;
    }

    private static void UsePages(IApplicationBuilder app)
    {
        app.Use(SecurityHeaders.AddAsync);
        app.UseExceptionHandler();
        app.UseStatusCodePages(ExplainRefusedFormAsync);
        app.UseRouting();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.Use(WaitForQueuesAsync);
        app.UseEndpoints(routes =>
        {
            var api = routes.MapGroup("").RequireAuthorization(AccessServices.Api);
            TelemetryApi.Map(api);
            GroupApi.Map(api);
            UnfinishedApi.Map(api);
            IssueApi.Map(api);
            DeployApi.Map(api);
            FaultApi.Map(api);
            AlertApi.Map(api);
            IncidentApi.Map(api);
            ObjectiveApi.Map(api);
            SearchApi.Map(api);
            api.MapGet(
                "/api/monitors",
                (MonitorStore monitors, TimeProvider time) => TypedResults.Ok(new { Monitors = monitors.All(time.GetUtcNow()) })
            );
            api.MapFallback("/api/{**path}", () => TypedResults.Problem(statusCode: StatusCodes.Status404NotFound));
            var pages = routes.MapGroup("").RequireAuthorization(AccessServices.Pages);
            LogEndpoints.Map(pages);
            IssueForm.Map(pages);
            Themes.Map(pages);
            pages.MapFallback(() => Message(StatusCodes.Status404NotFound, new Problem("Not found", "There is no such page.")));
            routes.MapRazorComponents<App>().RequireAuthorization(AccessServices.Pages);
            LoginEndpoints.Map(routes);
            AlertHook.Map(routes);
            Assets.Map(routes);
        });
    }

    // The framework refuses a form without its token with an empty answer. The token is that of a page shown before a restart, or of none.
    private static Task ExplainRefusedFormAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        return http.Features.Get<IAntiforgeryValidationFeature>() is { IsValid: false }
            ? Message(http.Response.StatusCode, new Problem("This form is out of date", "Load the page that it is on again."))
                .ExecuteAsync(http)
            : Task.CompletedTask;
    }

    private static RazorComponentResult<MessagePage> Message(int status, Problem problem) =>
        new(new { Problem = problem }) { StatusCode = status };

    // A query sees everything that was received before it.
    private static async Task WaitForQueuesAsync(HttpContext context, RequestDelegate next)
    {
        // Not for those who are anonymous: each wait takes a place in the queues.
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null)
        {
            await next(context);
            return;
        }

        var services = context.RequestServices;
        await Task.WhenAll(
            services.GetRequiredService<IngestQueue<StoredSpan>>().WaitUntilStoredAsync(context.RequestAborted),
            services.GetRequiredService<IngestQueue<StoredLog>>().WaitUntilStoredAsync(context.RequestAborted)
        );
        await next(context);
    }

    // A separate builder: branches of the application share its routes, so that each listener would serve all of them.
    private static void Branch(WebApplication app, string listener, Action<IApplicationBuilder> configure)
    {
        var branch = new ApplicationBuilder(app.Services);
        configure(branch);
        var handle = branch.Build();
        app.MapWhen(context => Listeners.Of(context) == listener, whole => whole.Run(handle));
    }

    private static void AddQueue<TRecord>(IServiceCollection services, Func<TelemetryStore, SignalStore<TRecord>> store)
        where TRecord : TelemetryRecord
    {
        services.AddSingleton(provider =>
            ActivatorUtilities.CreateInstance<IngestQueue<TRecord>>(provider, store(provider.GetRequiredService<TelemetryStore>()))
        );
        services.AddHostedService(provider => provider.GetRequiredService<IngestQueue<TRecord>>());
    }
}
