using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>What the AppHost says of its resources and does to them: <c>aspire.v1.DashboardService</c>.</summary>
internal sealed class ResourceService : IDisposable
{
    private const string KeyHeader = "x-resource-service-api-key";
    private const string Prefix = "/aspire.v1.DashboardService/";

    private readonly GrpcClient? _client;

    public ResourceService(IOptions<ObservatoryOptions> options)
    {
        Address = options.Value.ResourceServiceUrl;
        _client = string.IsNullOrEmpty(Address) ? null : new GrpcClient(new Uri(Address), KeyHeader, options.Value.ResourceServiceApiKey);
    }

    public string? Address { get; }

    public bool IsConfigured => _client is not null;

    private GrpcClient Client => _client ?? throw new ResourceServiceException("Observatory does not know the address of an AppHost.");

    /// <summary>All resources, then every change; ends only when the AppHost does.</summary>
    public IAsyncEnumerable<WatchResourcesUpdate> WatchAsync(bool isReconnect, CancellationToken cancellationToken) =>
        Client.CallAsync(Prefix + "WatchResources", new WatchResourcesRequest { IsReconnect = isReconnect }, WatchResourcesUpdate.Parser, cancellationToken);

    /// <summary>What an instance has printed so far, and what it goes on to print.</summary>
    public IAsyncEnumerable<WatchResourceConsoleLogsUpdate> ConsoleAsync(string instance, bool follow, CancellationToken cancellationToken) => Client.CallAsync(
        Prefix + "WatchResourceConsoleLogs", new WatchResourceConsoleLogsRequest { ResourceName = instance, SuppressFollow = !follow },
        WatchResourceConsoleLogsUpdate.Parser, cancellationToken);

    public async Task<ResourceCommandResponse> ExecuteAsync(Resource resource, string command, IReadOnlyDictionary<string, Value> arguments, CancellationToken cancellationToken)
    {
        var request = new ResourceCommandRequest
        {
            CommandName = command,
            ResourceName = resource.Name,
            ResourceType = resource.ResourceType,
            NonInteractive = true,
        };
        request.Arguments.Add(arguments.ToDictionary());

        await foreach (var response in Client.CallAsync(Prefix + "ExecuteResourceCommand", request, ResourceCommandResponse.Parser, cancellationToken))
        {
            return response;
        }

        throw new ResourceServiceException("The AppHost ended the call without an answer.");
    }

    public void Dispose() => _client?.Dispose();
}
