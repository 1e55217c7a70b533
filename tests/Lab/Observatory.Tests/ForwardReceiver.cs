using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Compression;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Otlp;
using Platform.ServerProcesses;

namespace Platform.Observatory.Tests;

/// <summary>A destination on a local port: OTLP over gRPC or HTTP, or envelopes. Records what it accepts.</summary>
internal sealed class ForwardReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly bool _grpc;
    private bool _isAway;

    private ForwardReceiver(WebApplication app, bool grpc) => (_app, _grpc) = (app, grpc);

    public string Address { get; private set; } = "";

    public int Port => new Uri(Address).Port;

    /// <summary>Everything is refused with 503, to be tried again later.</summary>
    public bool IsAway
    {
        get => Volatile.Read(ref _isAway);
        set => Volatile.Write(ref _isAway, value);
    }

    /// <summary>Inspects a request before it is accepted. Returns false when it has responded itself.</summary>
    public Func<HttpContext, byte[], Task<bool>> Before { get; set; } = (_, _) => Task.FromResult(true);

    /// <summary>The response to an accepted request.</summary>
    public ExportServiceResponse Answer { get; set; } = new();

    public ConcurrentQueue<Span> Spans { get; } = [];

    public ConcurrentQueue<LogRecord> Logs { get; } = [];

    public ConcurrentQueue<ExportMetricsServiceRequest> Metrics { get; } = [];

    public ConcurrentQueue<(string Path, Dictionary<string, string> Headers, byte[] Body)> Requests { get; } = [];

    public IEnumerable<ulong> SpanIds => Spans.Select(span => BinaryPrimitives.ReadUInt64BigEndian(span.SpanId.Span));

    /// <summary>On any free port, which nobody else takes while this receiver is down.</summary>
    public static async Task<ForwardReceiver> StartAsync(bool grpc, int? port = null)
    {
        // Empty, since the settings of Observatory are in the same folder.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    System.Net.IPAddress.Loopback,
                    port ?? FreePort.Next(),
                    listen => listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1
                )
            );
        var receiver = new ForwardReceiver(builder.Build(), grpc);
        receiver._app.Run(receiver.HandleAsync);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        receiver.Address = receiver._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        // Requests that hang on purpose are not waited for.
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var body = await ReadAsync(context);

        if (IsAway)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if (!await Before(context, body))
        {
            return;
        }

        // Copied, since the server reuses the headers.
        var headers = context.Request.Headers.ToDictionary(
            header => header.Key,
            header => header.Value.ToString(),
            StringComparer.OrdinalIgnoreCase
        );
        Requests.Enqueue((context.Request.Path.Value!, headers, body));
        Note(context.Request.Path.Value!, body);
        var answer = Answer.ToByteArray();

        if (_grpc)
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(Send.Frame(answer));
            context.Response.AppendTrailer("grpc-status", "0");
        }
        else
        {
            context.Response.ContentType = Send.Protobuf;
            await context.Response.Body.WriteAsync(answer);
        }
    }

    private void Note(string path, byte[] body)
    {
        switch (path)
        {
            case Send.TracesMethod or "/v1/traces":
                var traces = ExportTraceServiceRequest.Parser.ParseFrom(body);

                foreach (var span in traces.ResourceSpans.SelectMany(group => group.ScopeSpans).SelectMany(scope => scope.Spans))
                {
                    Spans.Enqueue(span);
                }

                break;
            case Send.LogsMethod or "/v1/logs":
                var logs = ExportLogsServiceRequest.Parser.ParseFrom(body);

                foreach (var log in logs.ResourceLogs.SelectMany(group => group.ScopeLogs).SelectMany(scope => scope.LogRecords))
                {
                    Logs.Enqueue(log);
                }

                break;
            case Send.MetricsMethod or "/v1/metrics":
                Metrics.Enqueue(ExportMetricsServiceRequest.Parser.ParseFrom(body));
                break;
        }
    }

    private async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        var body = buffer.ToArray();

        if (!_grpc)
        {
            return context.Request.Headers.ContentEncoding == "gzip" ? Unzip(body) : body;
        }

        return body[0] == 1 ? Unzip(body[5..]) : body[5..];
    }

    private static byte[] Unzip(byte[] bytes)
    {
        using var plain = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
