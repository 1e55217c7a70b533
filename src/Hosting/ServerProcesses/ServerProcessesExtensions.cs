using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.ServerProcesses;

namespace Aspire.Hosting;

public static class ServerProcessesExtensions
{
    /// <summary>
    /// Runs servers whose images are known (postgres, redis, rabbitmq) as plain processes of this machine where no container engine
    /// answers. The model stays as everyone writes it: AddPostgres, AddRedis, AddRabbitMQ. Configuration <c>Servers</c>: <c>auto</c> (the
    /// default), <c>container</c> or <c>process</c>. Without effect when a manifest is published.
    /// </summary>
    public static IDistributedApplicationBuilder AddServerProcesses(this IDistributedApplicationBuilder builder) =>
        builder.AddServerProcesses(KnownServer.All);

    internal static IDistributedApplicationBuilder AddServerProcesses(
        this IDistributedApplicationBuilder builder,
        IReadOnlyList<KnownServer> known
    )
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return builder;
        }

        var folder = builder.RunFolder();
        builder.Eventing.Subscribe<BeforeStartEvent>(
            async (start, cancellationToken) =>
            {
                var servers = start
                    .Model.Resources.OfType<ContainerResource>()
                    .Select(resource => (Resource: resource, Known: KnownServer.Of(resource, known)))
                    .Where(server => server.Known is not null)
                    .ToList();
                if (servers.Count == 0)
                {
                    return;
                }

                var choice = await ServerChoice.MakeAsync(builder.Configuration, cancellationToken);
                if (choice.UseContainers)
                {
                    return;
                }

                foreach (var (server, kind) in servers)
                {
                    Replace(builder, start.Model, ServerProcess.Of(server, kind!, folder), choice.WhyNot);
                }
            }
        );
        return builder;
    }

    private static void Replace(
        IDistributedApplicationBuilder builder,
        DistributedApplicationModel model,
        ServerProcess process,
        string? whyNot
    )
    {
        var server = process.Server;
        var databases = model.Resources.OfType<IResourceWithParent>().Where(child => child.Parent == server).ToList();
        model.Resources[model.Resources.IndexOf(server)] = process;
        process.TakeOver(randomizePorts: builder.Configuration["DcpPublisher:RandomizePorts"] is "true" or "True");

        builder.Eventing.Subscribe<BeforeResourceStartedEvent>(
            process,
            async (starting, cancellationToken) =>
            {
                var log = starting
                    .Services.GetRequiredService<ILoggerFactory>()
                    .CreateLogger("Aspire.Hosting.DistributedApplication.Servers");
                var logger = starting.Services.GetRequiredService<ResourceLoggerService>().GetLogger(process);
                try
                {
                    if (whyNot is not null)
                    {
                        throw new ServerUnavailableException($"'{server.Name}' cannot run: {whyNot}");
                    }

                    await process.PrepareAsync(
                        new ServerInstaller(builder.Configuration, log),
                        builder.ExecutionContext,
                        logger,
                        cancellationToken
                    );
                }
                catch (ServerUnavailableException exception)
                {
                    // Aspire writes it to the resource's log; this is for the AppHost's console.
                    log.LogUnavailable(exception.Message);
                    throw;
                }
            }
        );
        ServerEvents.Forward(builder.Eventing, process, databases);
    }
}
