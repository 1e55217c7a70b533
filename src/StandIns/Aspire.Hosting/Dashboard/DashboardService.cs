using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Dashboard.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Dashboard;

/// <summary>The calls of <c>aspire.v1.DashboardService</c>: what a dashboard sees of the resources, and what it does to them.</summary>
internal sealed partial class DashboardService(
    ResourceNotificationService notifications, ResourceLoggerService loggers, ResourceCommandService commands, IConfiguration configuration,
    ILogger<DashboardService> logger)
{
    public const string KeyHeader = "x-resource-service-api-key";

    /// <summary>The dashboard of this version knows everything that is sent here.</summary>
    private const string DashboardVersion = "13.5.2";

    public async Task HandleAsync(HttpContext context, CancellationToken stopping)
    {
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true)
        {
            // Not a gRPC client: it would not understand trailers.
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        context.Response.ContentType = "application/grpc";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var call = new GrpcCall(context);
        try
        {
            if (!Knows(context.Request.Headers[KeyHeader].ToString()))
            {
                throw new GrpcStatusException(GrpcStatus.Unauthenticated, $"The header {KeyHeader} is missing or wrong.");
            }

            await DispatchAsync(context.Request.Path.Value, call, end.Token).ConfigureAwait(false);
            call.End(GrpcStatus.Ok);
        }
        catch (GrpcStatusException e)
        {
            call.End(e.Status, e.Message);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            call.End(GrpcStatus.Unavailable, "The application stops.");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away, as every watcher does in the end.
        }
#pragma warning disable CA1031 // The caller gets a status instead of a broken stream, and the log has the reason.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.CallFailed(logger, e, context.Request.Path);
            call.End(GrpcStatus.Internal, "The AppHost's log has the reason.");
        }
    }

    private Task DispatchAsync(string? path, GrpcCall call, CancellationToken cancellationToken) => path switch
    {
        "/aspire.v1.DashboardService/GetApplicationInformation" => DescribeAsync(call, cancellationToken),
        "/aspire.v1.DashboardService/WatchResources" => WatchResourcesAsync(call, cancellationToken),
        "/aspire.v1.DashboardService/WatchResourceConsoleLogs" => WatchConsoleLogsAsync(call, cancellationToken),
        "/aspire.v1.DashboardService/ExecuteResourceCommand" => ExecuteAsync(call, cancellationToken),
        _ => throw new GrpcStatusException(GrpcStatus.Unimplemented, $"There is no method '{path}'."),
    };

    private async Task DescribeAsync(GrpcCall call, CancellationToken cancellationToken)
    {
        await call.ReadAsync(ApplicationInformationRequest.Parser, cancellationToken).ConfigureAwait(false);
        await call.WriteAsync(new ApplicationInformationResponse
        {
            ApplicationName = configuration["AppHost:DashboardApplicationName"] ?? "",
            MinDashboardVersion = DashboardVersion,
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task WatchResourcesAsync(GrpcCall call, CancellationToken cancellationToken)
    {
        await call.ReadAsync(WatchResourcesRequest.Parser, cancellationToken).ConfigureAwait(false);
        var watcher = notifications.Watch();
        try
        {
            var initial = new InitialResourceData();
            initial.Resources.AddRange(watcher.Initial.Select(WireResource.Of));
            await call.WriteAsync(new WatchResourcesUpdate { InitialData = initial }, cancellationToken).ConfigureAwait(false);
            while (true)
            {
                // No resource ever leaves the model: there are no deletions.
                var changes = new WatchResourcesChanges();
                changes.Value.AddRange((await watcher.ReadAsync(cancellationToken).ConfigureAwait(false)).Select(e => new WatchResourcesChange { Upsert = WireResource.Of(e) }));
                await call.WriteAsync(new WatchResourcesUpdate { Changes = changes }, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            notifications.Unwatch(watcher);
        }
    }

    private async Task WatchConsoleLogsAsync(GrpcCall call, CancellationToken cancellationToken)
    {
        var request = await call.ReadAsync(WatchResourceConsoleLogsRequest.Parser, cancellationToken).ConfigureAwait(false);
        if (!notifications.TryGetCurrentState(request.ResourceName, out var found))
        {
            throw new GrpcStatusException(GrpcStatus.NotFound, $"Resource '{request.ResourceName}' not found.");
        }

        var batches = request.SuppressFollow ? loggers.GetAllAsync(found.ResourceId) : loggers.WatchAsync(found.ResourceId);
        await foreach (var lines in batches.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            foreach (var update in WireConsoleLog.Of(lines))
            {
                await call.WriteAsync(update, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task ExecuteAsync(GrpcCall call, CancellationToken cancellationToken)
    {
        var request = await call.ReadAsync(ResourceCommandRequest.Parser, cancellationToken).ConfigureAwait(false);
        var result = await commands.ExecuteByValuesAsync(
            request.ResourceName, request.CommandName, WireCommand.Arguments(request.Arguments), cancellationToken).ConfigureAwait(false);
        await call.WriteAsync(WireCommand.Response(result), cancellationToken).ConfigureAwait(false);
    }

    // A missing mode asks for the key too, and without a key nobody knows it.
    private bool Knows(string key) => configuration["AppHost:ResourceService:AuthMode"] == "Unsecured"
        || (configuration["AppHost:ResourceService:ApiKey"] is { Length: > 0 } expected
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(expected)));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The call {Method} of a dashboard failed.")]
        public static partial void CallFailed(ILogger logger, Exception exception, string method);
    }
}
