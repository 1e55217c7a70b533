using System.Reflection;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Resolve;
using Aspire.Hosting.Run;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting;

/// <summary>Collects the model of the application and the services that run it.</summary>
public class DistributedApplicationBuilder : IDistributedApplicationBuilder
{
    private readonly HostApplicationBuilder _host;
    private readonly DistributedApplicationOptions _options;
    private readonly InterceptedBuilder? _interception = InterceptedBuilder.Current;

    public DistributedApplicationBuilder(string[] args) : this(new DistributedApplicationOptions { Args = args })
    {
    }

    public DistributedApplicationBuilder(DistributedApplicationOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new NotSupportedException("The in-repo stand-in of Aspire.Hosting runs on Linux and WSL2; elsewhere set StandIns=false to use the real packages.");
        }

        _options = options;
        var settings = new HostApplicationBuilderSettings { Configuration = new ConfigurationManager(), Args = options.Args };
        settings.Configuration.AddEnvironmentVariables("ASPIRE_");
        _interception?.Constructing(options, settings);

        AppHostAssembly = options.AssemblyName is { } name ? Assembly.Load(name) : Assembly.GetEntryAssembly();
        AppHostDirectory = options.ProjectDirectory ?? Metadata("apphostprojectpath") ?? Directory.GetCurrentDirectory();
        settings.ContentRootPath ??= AppHostDirectory;
        settings.ApplicationName ??= AppHostAssembly?.GetName().Name;

        // The generic host does not read ASPIRE_ENVIRONMENT; it is weaker than DOTNET_ENVIRONMENT and --environment.
        if (settings.EnvironmentName is null && settings.Configuration["ENVIRONMENT"] is { Length: > 0 } environment
            && System.Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is null && options.Args?.Any(a => a.StartsWith("--environment", StringComparison.Ordinal)) is not true)
        {
            settings.EnvironmentName = environment;
        }

        _host = new HostApplicationBuilder(settings);
        UserSecretsManager = new UserSecretsManager(AppHostAssembly);
        RunFolder = new RunFolder();
        FileSystemService = new FileSystemService(RunFolder);
        AppHostConfiguration.Add(Configuration, AppHostDirectory, Metadata("apphostprojectname") ?? Environment.ApplicationName, UserSecretsManager);
        AddServices();
        _interception?.Constructed(this);
    }

    public ConfigurationManager Configuration => _host.Configuration;

    public string AppHostDirectory { get; }

    public Assembly? AppHostAssembly { get; }

    public IHostEnvironment Environment => _host.Environment;

    public IServiceCollection Services => _host.Services;

    public IDistributedApplicationEventing Eventing { get; } = new DistributedApplicationEventing();

    public DistributedApplicationExecutionContext ExecutionContext { get; } = new(DistributedApplicationOperation.Run);

    public IResourceCollection Resources { get; } = new ResourceCollection();

    public IFileSystemService FileSystemService { get; }

    public IUserSecretsManager UserSecretsManager { get; }

    internal RunFolder RunFolder { get; }

    public IResourceBuilder<T> AddResource<T>(T resource) where T : IResource
    {
        ResourceName.Validate(resource.Name);
        if (Resources.TryGetByName(resource.Name, out var existing))
        {
            throw new DistributedApplicationException(
                $"Cannot add resource of type '{resource.GetType()}' with name '{resource.Name}' because resource of type '{existing!.GetType()}' with that name already exists. Resource names are case-insensitive.");
        }

        Resources.Add(resource);
        if (resource.IsProcess())
        {
            resource.EnsureInstances();
        }

        return CreateResourceBuilder(resource);
    }

    public IResourceBuilder<T> CreateResourceBuilder<T>(T resource) where T : IResource => new ResourceBuilder<T>(this, resource);

    public DistributedApplication Build()
    {
        _interception?.Building(this);
        foreach (var resource in Resources)
        {
            // Resources can also be put into the collection itself.
            ResourceName.Validate(resource.Name);
        }

        foreach (var name in Resources.GroupBy(r => r.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g => g.Key))
        {
            throw new DistributedApplicationException($"Multiple resources with the name '{name}'. Resource names are case-insensitive.");
        }

        WaitGraph.RefuseCycles(Resources);
        foreach (var resource in Resources.Where(r => r.IsProcess()))
        {
            resource.EnsureInstances();
            BuiltInCommands.AddTo(resource);
        }

        var application = new DistributedApplication(_host.Build());
        ExecutionContext.SetServices(application.Services);
        _interception?.Built(application);
        return application;
    }

    private string? Metadata(string key) =>
        AppHostAssembly?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(m => string.Equals(m.Key, key, StringComparison.OrdinalIgnoreCase))?.Value;

    private void AddServices()
    {
        // A failing check is told by the resource's state; the health system would add a stack trace for every attempt.
        Services.AddLogging(logging => logging
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical)
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            .AddFilter("System.Net.Http.HttpClient", LogLevel.Warning));
        Services.AddHealthChecks();
        Services.AddSingleton(TimeProvider.System);
        Services.AddSingleton(_options);
        Services.AddSingleton(ExecutionContext);
        Services.AddSingleton(Eventing);
        Services.AddSingleton(_ => RunFolder);
        Services.AddSingleton(UserSecretsManager);
        Services.AddSingleton(FileSystemService);
        Services.AddSingleton(new DistributedApplicationModel(Resources));
        Services.AddSingleton(new ProjectOutputs(AppHostAssembly));
        Services.AddSingleton(services => new PortLedger(string.Equals(
            services.GetRequiredService<IConfiguration>()["DcpPublisher:RandomizePorts"], "true", StringComparison.OrdinalIgnoreCase)));
        Services.AddSingleton<ResourceLoggerService>();
        Services.AddSingleton<ResourceNotificationService>();
        Services.AddSingleton(services => new ResourceCommandService(
            services.GetRequiredService<ResourceNotificationService>(), services.GetRequiredService<ResourceLoggerService>(), services));
        Services.AddSingleton<ProcessSpecResolver>();
        Services.AddSingleton<ServerInstaller>();
        Services.AddSingleton<HealthMonitor>();
        Services.AddSingleton<EndpointProxies>();
        Services.AddSingleton<Launcher>();
        Services.AddSingleton<ResourceStates>();
        Services.AddSingleton<ResourceLifecycle>();
        Services.AddSingleton<ConnectionStringStart>();
        Services.AddSingleton<Orchestrator>();
        Services.AddSingleton<DashboardService>();
        Services.AddHostedService<ResourceServiceHost>();
        if (_options.EnableResourceLogging)
        {
            // Before the orchestrator, whose start takes as long as the slowest resource.
            Services.AddHostedService<ResourceLogForwarder>();
        }

        Services.AddHostedService(services => services.GetRequiredService<Orchestrator>());
        Services.Configure<ResourceNotificationServiceOptions>(options => options.DefaultWaitBehavior =
            _options.DisableDashboard ? WaitBehavior.StopOnResourceUnavailable : WaitBehavior.WaitOnResourceUnavailable);
    }
}
