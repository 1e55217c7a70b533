using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.ServerProcesses;

namespace Platform.AppHost;

internal static partial class FreePorts
{
    private const string RandomizePorts = "DcpPublisher:RandomizePorts";

    // Where Aspire itself listens: dashboard, its OTLP endpoint and its resource service.
    private static readonly string[] OwnAddresses =
    [
        "ASPNETCORE_URLS",
        "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL",
        "ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL",
    ];

    /// <summary>
    /// With <c>-- --Ports=free</c> everything listens on ports that are free: a second AppHost beside the first, and tests. Otherwise ports
    /// are those of the documentation, and one that is taken is an error that names who has it: of the AppHost when Aspire needs it, else
    /// of the resource alone.
    /// </summary>
    public static IDistributedApplicationBuilder AddFreePorts(this IDistributedApplicationBuilder builder)
    {
        if (builder.Configuration.Choice("Ports", "free") is not null)
        {
            // The orchestrator's own switch, which covers proxied endpoints, the dashboard and its resource service.
            builder.Configuration[RandomizePorts] = "true";
        }

        if (builder.ExecutionContext.IsPublishMode || builder.Configuration.GetValue<bool>(RandomizePorts))
        {
            return builder;
        }

        foreach (var (key, port) in OwnAddresses.SelectMany(key => PortsOf(builder.Configuration[key]).Select(port => (key, port))))
        {
            if (PortOwner.Of(port) is { } owner)
            {
                throw new StartRefusedException(
                    $"Port {port} of Aspire ({key}) is taken by {owner}. End it, or start with -- --Ports=free."
                );
            }
        }

        builder.Eventing.Subscribe<BeforeStartEvent>(
            (start, _) =>
            {
                // Checked now, because the orchestrator is about to listen on them itself.
                foreach (var resource in start.Model.Resources.OfType<IResourceWithEndpoints>())
                {
                    RefuseTaken(builder, resource);
                }

                return Task.CompletedTask;
            }
        );
        return builder;
    }

    private static void RefuseTaken(IDistributedApplicationBuilder builder, IResourceWithEndpoints resource)
    {
        var taken = resource
            .Annotations.OfType<EndpointAnnotation>()
            .Where(endpoint => endpoint.Port is not null)
            .Select(endpoint => (endpoint.Name, Port: endpoint.Port!.Value, Owner: PortOwner.Of(endpoint.Port.Value)))
            .Where(endpoint => endpoint.Owner is not null)
            .ToList();
        if (taken.Count == 0)
        {
            return;
        }

        builder.Eventing.Subscribe<BeforeResourceStartedEvent>(
            resource,
            (starting, _) =>
            {
                foreach (var (name, port, owner) in taken.Where(endpoint => PortOwner.Of(endpoint.Port) == endpoint.Owner))
                {
                    var exception = new StartRefusedException(
                        $"Port {port} of endpoint '{name}' of '{resource.Name}' is taken by {owner}. "
                            + "End it, or start with -- --Ports=free."
                    );
                    LogTaken(
                        starting.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Aspire.Hosting.DistributedApplication"),
                        exception.Message
                    );
                    throw exception;
                }

                return Task.CompletedTask;
            }
        );
    }

    [LoggerMessage(EventId = 9203, Level = LogLevel.Error, Message = "{Reason}")]
    private static partial void LogTaken(ILogger logger, string reason);

    // http://localhost:18888;https://localhost:18889
    private static IEnumerable<int> PortsOf(string? addresses) =>
        from address in (addresses ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        where Uri.TryCreate(address, UriKind.Absolute, out _)
        select new Uri(address).Port;

    /// <summary>
    /// Bypasses the orchestrator's proxy. It would respond for an outside company that is down ("connection reset" instead of "refused"),
    /// and would copy every byte of telemetry.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithoutProxy(this IResourceBuilder<ProjectResource> project, params string[] endpoints)
    {
        if (project.ApplicationBuilder.ExecutionContext.IsPublishMode)
        {
            return project;
        }

        foreach (var name in endpoints)
        {
            project.WithEndpoint(
                name,
                endpoint =>
                {
                    endpoint.Port = project.ApplicationBuilder.Configuration.GetValue<bool>(RandomizePorts)
                        ? FreePort.Next()
                        : endpoint.Port;
                    endpoint.TargetPort = endpoint.Port;
                    endpoint.IsProxied = false;
                }
            );
        }

        return project;
    }
}
