using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Aspire.Hosting.Lifecycle;
using Aspire.Hosting.Resolve;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run;

/// <summary>Brings the whole application up and down, in the order Aspire documents.</summary>
internal sealed partial class Orchestrator(
    DistributedApplicationModel model, DistributedApplicationExecutionContext executionContext, IEnumerable<IDistributedApplicationEventingSubscriber> subscribers,
    IDistributedApplicationEventing eventing, ResourceNotificationService notifications, ResourceLoggerService loggers, PortLedger ports,
    ResourceLifecycle lifecycle, ConnectionStringStart connectionStrings, HealthMonitor health, IConfiguration configuration, IServiceProvider services, TimeProvider time,
    ILogger<DistributedApplication> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // :: Step 1: who wants to hear events
        foreach (var subscriber in subscribers)
        {
            await subscriber.SubscribeAsync(eventing, executionContext, cancellationToken).ConfigureAwait(false);
        }

        await eventing.PublishAsync(new BeforeStartEvent(services, model), cancellationToken).ConfigureAwait(false);
        Log.Version(logger);
        Log.Starting(logger);
        Log.Folder(logger, configuration["AppHost:Directory"] ?? "");

        // :: Step 2: every resource is seen before any starts
        var resources = model.Resources.ToArray();
        foreach (var resource in resources)
        {
            await notifications.PublishUpdateAsync(resource, s => InitialSnapshot.Of(resource, s, time.GetUtcNow().UtcDateTime)).ConfigureAwait(false);
        }

        foreach (var resource in resources)
        {
            await eventing.PublishAsync(
                new InitializeResourceEvent(resource, eventing, loggers, notifications, services), EventDispatchBehavior.NonBlockingConcurrent, cancellationToken)
                .ConfigureAwait(false);
        }

        // :: Step 3: values and addresses, so that any resource can refer to any other
        foreach (var parameter in resources.OfType<ParameterResource>())
        {
            await ResolveAsync(parameter).ConfigureAwait(false);
        }

        foreach (var resource in resources.Where(r => r.HasAnnotationOfType<EndpointAnnotation>()))
        {
            ports.Allocate(resource);
            await eventing.PublishAsync(new ResourceEndpointsAllocatedEvent(resource, services), cancellationToken).ConfigureAwait(false);
        }

        foreach (var resource in resources)
        {
            await PublishUrlsAsync(resource, cancellationToken).ConfigureAwait(false);
        }

        // :: Step 4: all at once; each waits for what it was told to wait for
        await Task.WhenAll(resources.Select(resource => StartAsync(resource, cancellationToken))).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await eventing.PublishAsync(new AfterResourcesCreatedEvent(services, model), cancellationToken).ConfigureAwait(false);
        Log.Started(logger);
    }

    public Task StopAsync(CancellationToken cancellationToken) => lifecycle.StopAllAsync().WaitAsync(cancellationToken);

    private async Task StartAsync(IResource resource, CancellationToken cancellationToken)
    {
        switch (resource)
        {
            case ConnectionStringResource connectionString:
                await connectionStrings.StartAsync(connectionString, cancellationToken).ConfigureAwait(false);
                break;
            case ExternalServiceResource:
                await notifications.PublishUpdateAsync(resource, s => s with { State = KnownResourceStates.Running }).ConfigureAwait(false);
                health.Begin(resource, resource.Name);
                break;
            case var _ when resource.IsProcess() && resource.HasAnnotationOfType<ExplicitStartupAnnotation>():
                await notifications.PublishUpdateAsync(resource, s => s with { State = KnownResourceStates.NotStarted }).ConfigureAwait(false);
                break;
            case var _ when resource.IsProcess():
                await Task.Run(() => lifecycle.StartAsync(resource, cancellationToken), cancellationToken).ConfigureAwait(false);
                break;
            default:
                // Databases follow their server; other resources publish their own states.
                break;
        }
    }

    private async Task ResolveAsync(ParameterResource parameter)
    {
        ResourceStateSnapshot state;
        string? value = null;
        try
        {
            value = parameter.Value;
            state = new ResourceStateSnapshot(KnownResourceStates.Running, KnownResourceStateStyles.Success);
        }
        catch (MissingParameterValueException e)
        {
            // Whoever uses the parameter fails to start and says so.
            Log.NoValue(loggers.GetLogger(parameter), e.Message);
            state = new ResourceStateSnapshot(KnownResourceStates.ValueMissing, KnownResourceStateStyles.Warn);
        }
#pragma warning disable CA1031 // The callback is the user's; its failure is the parameter's state.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.NoValue(loggers.GetLogger(parameter), e.Message);
            state = new ResourceStateSnapshot("Error initializing parameter", KnownResourceStateStyles.Error);
        }

        await notifications.PublishUpdateAsync(parameter, s => s with
        {
            State = state,
            Properties = s.Properties.With("Value", value, parameter.Secret),
            Ready = Task.CompletedTask,
        }).ConfigureAwait(false);
    }

    private async Task PublishUrlsAsync(IResource resource, CancellationToken cancellationToken)
    {
        var urls = resource.Annotations.OfType<ResourceUrlAnnotation>().ToList();
        if (resource is IResourceWithEndpoints owner)
        {
            urls.AddRange(owner.GetEndpoints().Select(e => new ResourceUrlAnnotation { Url = e.Url, Endpoint = e }));
        }

        var context = new ResourceUrlsCallbackContext(executionContext, resource, urls, cancellationToken);
        foreach (var callback in resource.Annotations.OfType<ResourceUrlsCallbackAnnotation>().ToArray())
        {
            await callback.Callback(context).ConfigureAwait(false);
        }

        await notifications.PublishUpdateAsync(resource, s => s with
        {
            Urls =
            [
                .. context.Urls.Select(u => new UrlSnapshot(u.Endpoint?.EndpointName, u.Url, IsInternal: u.DisplayLocation == UrlDisplayLocation.DetailsOnly)
                {
                    // Nobody listens there before the process runs.
                    IsInactive = u.Endpoint is not null && resource.IsProcess(),
                    DisplayProperties = new UrlDisplayPropertiesSnapshot(u.DisplayText ?? ""),
                }),
            ],
        }).ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Aspire AppHost version: 13.5.2 (in-repo stand-in)")]
        public static partial void Version(ILogger logger);

        [LoggerMessage(LogLevel.Information, "Distributed application starting.")]
        public static partial void Starting(ILogger logger);

        [LoggerMessage(LogLevel.Information, "Application host directory is: {Folder}")]
        public static partial void Folder(ILogger logger, string folder);

        [LoggerMessage(LogLevel.Information, "Distributed application started. Press Ctrl+C to shut down.")]
        public static partial void Started(ILogger logger);

        [LoggerMessage(LogLevel.Warning, "{Reason}")]
        public static partial void NoValue(ILogger logger, string reason);
    }
}
