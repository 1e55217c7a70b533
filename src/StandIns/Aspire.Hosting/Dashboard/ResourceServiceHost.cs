using System.Globalization;
using Aspire.Hosting.Resolve;
using Aspire.Hosting.Run;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Dashboard;

/// <summary>Listens for dashboards, on loopback only: HTTP/2 without TLS. Registered before the orchestrator, so it is there first and gone last.</summary>
internal sealed class ResourceServiceHost(DashboardService service, IConfiguration configuration, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    // A dashboard needs one connection, with a stream for every resource whose log it follows.
    private const int MaxConnections = 64;
    private const int MaxStreamsPerConnection = 200;

    // Requests are names and a few arguments.
    private const int MaxRequestBytes = 1024 * 1024;

    private readonly CancellationTokenSource _stopping = new();
    private WebApplication? _web;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var port = Port(configuration[AppHostConfiguration.ResourceServiceUrl]!);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreamsPerConnection;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
            kestrel.ListenLocalhost(port, listen => listen.Protocols = HttpProtocols.Http2);
        });

        _web = builder.Build();
        _web.Run(context => service.HandleAsync(context, _stopping.Token));
        try
        {
            await _web.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new DistributedApplicationException(string.Create(
                CultureInfo.InvariantCulture, $"Port {port} of the resource service ({AppHostConfiguration.ResourceServiceUrl}) is taken by {Listeners.OwnerOf(port)}."), e);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Watches have no end of their own.
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_web is not null)
        {
            await _web.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            await _web.DisposeAsync().ConfigureAwait(false);
        }

        _stopping.Dispose();
    }

    private static int Port(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "http", IsLoopback: true }
        ? url.Port
        : throw new DistributedApplicationException($"{AppHostConfiguration.ResourceServiceUrl} is '{text}'; it must be an http address of this machine: http://localhost:20888.");
}
