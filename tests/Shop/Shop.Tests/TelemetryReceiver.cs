using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Platform.Shop.Tests;

/// <summary>
/// Takes what a service's exporter sends, over HTTP or gRPC, and keeps the bytes. It answers when Answer is done: true for yes, false to
/// break the connection, as a process does that is killed.
/// </summary>
internal sealed class TelemetryReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly bool _grpc;

    private TelemetryReceiver(WebApplication app, bool grpc) => (_app, _grpc) = (app, grpc);

    public ConcurrentQueue<(string Path, byte[] Body)> Requests { get; } = [];

    public Task<bool> Answer { get; set; } = Task.FromResult(true);

    private string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<TelemetryReceiver> StartAsync(bool grpc = false)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1)
            );
        var receiver = new TelemetryReceiver(builder.Build(), grpc);
        receiver._app.Run(receiver.HandleAsync);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>A service with the defaults, not started, that exports to this receiver.</summary>
    public WebApplication Service(params string[] settings)
    {
        var builder = WebApplication.CreateBuilder([.. Settings(), .. settings]);
        builder.AddServiceDefaults();
        return builder.Build();
    }

    /// <summary>The same without a web server, as a service that only works in the background.</summary>
    public IHost WorkerService(params string[] settings)
    {
        var builder = Host.CreateApplicationBuilder([.. Settings(), .. settings]);
        builder.AddServiceDefaults();
        return builder.Build();
    }

    private IEnumerable<string> Settings() =>
        [$"--OTEL_EXPORTER_OTLP_ENDPOINT={Address}", $"--OTEL_EXPORTER_OTLP_PROTOCOL={(_grpc ? "grpc" : "http/protobuf")}"];

    /// <summary>How many requests a text is in.</summary>
    public int Times(string text) =>
        Requests.Count(request => Encoding.Latin1.GetString(request.Body).Contains(text, StringComparison.Ordinal));

    /// <summary>Until each text has come so often. The SDK's ForceFlush is no such wait: it ends when the queue is empty.</summary>
    public Task UntilAsync(int times, params IEnumerable<string> texts) => UntilAsync(text => Times(text) == times, texts);

    /// <summary>Until each text has come, be it in several requests.</summary>
    public Task UntilTheyCameAsync(IEnumerable<string> texts) => UntilAsync(text => Times(text) > 0, texts);

    private static Task UntilAsync(Func<string, bool> hasCome, IEnumerable<string> texts) =>
        Eventually.GetAsync(
            () => Task.FromResult(texts.FirstOrDefault(text => !hasCome(text))),
            static missing => missing is null,
            "every text arrived as often as expected"
        );

    public async ValueTask DisposeAsync()
    {
        // Requests that are held are not waited for.
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Requests.Enqueue((context.Request.Path.Value!, body.ToArray()));

        if (!await Answer.WaitAsync(context.RequestAborted))
        {
            context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
        }
        else if (_grpc)
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
            context.Response.AppendTrailer("grpc-status", "0");
        }
        else
        {
            context.Response.ContentType = "application/x-protobuf";
        }
    }
}
