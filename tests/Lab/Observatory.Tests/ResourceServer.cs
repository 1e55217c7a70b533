using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Tests;

/// <summary>A resource service that says what a test wants, framed by hand; it can go away and come back on the same port.</summary>
internal sealed class ResourceServer : IAsyncDisposable
{
    public const string Key = "resource-key-1";

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<WatchResourcesUpdate> _changes = Channel.CreateUnbounded<WatchResourcesUpdate>();
    private readonly WebApplication _web;

    internal ResourceServer(WebApplication web) => _web = web;

    public IReadOnlyList<Resource> Resources { get; init; } = [];

    public Channel<WatchResourceConsoleLogsUpdate> Console { get; } = Channel.CreateUnbounded<WatchResourceConsoleLogsUpdate>();

    /// <summary>What an instance has printed before.</summary>
    public IReadOnlyList<ConsoleLogLine> Printed { get; init; } = [];

    public ConcurrentQueue<ResourceCommandRequest> Asked { get; } = [];

    public Func<ResourceCommandRequest, ResourceCommandResponse> Answer { get; set; } = _ => new ResourceCommandResponse { Kind = ResourceCommandResponseKind.Succeeded };

    /// <summary>Bytes instead of the first answer.</summary>
    public byte[]? Garbage { get; init; }

    public string Address { get; private set; } = "";

    public string[] Settings => [$"--Observatory:ResourceServiceUrl={Address}", $"--Observatory:ResourceServiceApiKey={Key}"];

    public static Task<ResourceServer> StartAsync(params Resource[] resources) => StartAsync("http://127.0.0.1:0", web => new ResourceServer(web) { Resources = resources });

    public static async Task<ResourceServer> StartAsync(string address, Func<WebApplication, ResourceServer> create)
    {
        // Empty: the settings beside the test are Observatory's, with its ports.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
        var web = builder.Build();
        web.Urls.Add(address);
        var server = create(web);
        web.Run(server.HandleAsync);
        await web.StartAsync(TestContext.Current.CancellationToken);
        server.Address = web.Urls.Single();
        return server;
    }

    public void Change(Resource resource) => _changes.Writer.TryWrite(new WatchResourcesUpdate
    {
        Changes = new WatchResourcesChanges { Value = { new WatchResourcesChange { Upsert = resource } } },
    });

    public void Delete(string name) => _changes.Writer.TryWrite(new WatchResourcesUpdate
    {
        Changes = new WatchResourcesChanges { Value = { new WatchResourcesChange { Delete = new ResourceDeletion { ResourceName = name } } } },
    });

    public void Print(params string[] lines)
    {
        var update = new WatchResourceConsoleLogsUpdate();
        update.LogLines.AddRange(lines.Select((line, index) => new ConsoleLogLine { LineNumber = Printed.Count + index + 1, Text = line }));
        Console.Writer.TryWrite(update);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _web.StopAsync(CancellationToken.None);
        await _web.DisposeAsync();
        _stop.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        context.Response.ContentType = "application/grpc";

        if (context.Request.Headers["x-resource-service-api-key"] != Key)
        {
            context.Response.Headers["grpc-status"] = "16";
            context.Response.Headers["grpc-message"] = "The%20key%20is%20wrong.";
            return;
        }

        try
        {
            switch (context.Request.Path.Value!.Split('/')[^1])
            {
                case "WatchResources":
                    await WatchAsync(context, end.Token);
                    break;
                case "WatchResourceConsoleLogs":
                    await ConsoleAsync(context, end.Token);
                    break;
                default:
                    var request = await ReadAsync(context, ResourceCommandRequest.Parser);
                    Asked.Enqueue(request);
                    await WriteAsync(context, Answer(request), end.Token);
                    break;
            }

            context.Response.AppendTrailer("grpc-status", "0");
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    private async Task WatchAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (Garbage is not null)
        {
            await context.Response.Body.WriteAsync(Garbage, cancellationToken);
            return;
        }

        await WriteAsync(context, new WatchResourcesUpdate { InitialData = new InitialResourceData { Resources = { Resources } } }, cancellationToken);

        await foreach (var change in _changes.Reader.ReadAllAsync(cancellationToken))
        {
            await WriteAsync(context, change, cancellationToken);
        }
    }

    private async Task ConsoleAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var request = await ReadAsync(context, WatchResourceConsoleLogsRequest.Parser);

        foreach (var lines in Printed.Chunk(400))
        {
            await WriteAsync(context, new WatchResourceConsoleLogsUpdate { LogLines = { lines } }, cancellationToken);
        }

        if (!request.SuppressFollow)
        {
            await foreach (var update in Console.Reader.ReadAllAsync(cancellationToken))
            {
                await WriteAsync(context, update, cancellationToken);
            }
        }
    }

    private static async Task<T> ReadAsync<T>(HttpContext context, MessageParser<T> parser) where T : IMessage<T>
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return parser.ParseFrom(body.ToArray().AsSpan(5));
    }

    private static async Task WriteAsync(HttpContext context, IMessage message, CancellationToken cancellationToken)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - 5));
        message.WriteTo(frame.AsSpan(5));
        await context.Response.Body.WriteAsync(frame, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
