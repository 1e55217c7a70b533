using System.Buffers.Binary;
using System.IO.Compression;
using System.Net.Http.Headers;
using Google.Protobuf;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

/// <summary>Acts as a sender: posts a request body and reads the whole response.</summary>
internal static class Send
{
    public const string TracesMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    public const string LogsMethod = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    public const string MetricsMethod = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    public const string Protobuf = "application/x-protobuf";
    public const string Json = "application/json";

    public static Task<HttpAnswer> TracesAsync(ObservatoryProcess process, string service, params Span[] spans) =>
        HttpAsync(process, "/v1/traces", Telemetry.Request(service, spans).ToByteArray());

    public static Task<HttpAnswer> LogsAsync(ObservatoryProcess process, string service, params LogRecord[] logs) =>
        HttpAsync(process, "/v1/logs", Telemetry.Request(service, logs).ToByteArray());

    public static async Task<HttpAnswer> HttpAsync(
        ObservatoryProcess process,
        string path,
        byte[] body,
        string contentType = Protobuf,
        string? encoding = null,
        string? key = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);

        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        if (key is not null)
        {
            request.Headers.Add("x-otlp-api-key", key);
        }

        using var response = await process.OtlpHttp.SendAsync(request, TestContext.Current.CancellationToken);
        return new HttpAnswer(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.RetryAfter?.ToString(),
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)
        );
    }

    public static Task<GrpcAnswer> GrpcAsync(
        ObservatoryProcess process,
        string method,
        IMessage message,
        bool gzip = false,
        string? key = null
    ) => GrpcAsync(process, method, Frame(gzip ? Gzip(message.ToByteArray()) : message.ToByteArray(), gzip), gzip ? "gzip" : null, key);

    public static async Task<GrpcAnswer> GrpcAsync(
        ObservatoryProcess process,
        string method,
        byte[] body,
        string? encoding = null,
        string? key = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Content = new ByteArrayContent(body),
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));

        if (encoding is not null)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }

        if (key is not null)
        {
            request.Headers.Add("x-otlp-api-key", key);
        }

        using var response = await process.OtlpGrpc.SendAsync(request, TestContext.Current.CancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var status = response.TrailingHeaders.TryGetValues("grpc-status", out var trailers)
            ? trailers
            : response.Headers.GetValues("grpc-status");
        return new GrpcAnswer(
            (int)response.StatusCode,
            int.Parse(status.Single(), System.Globalization.CultureInfo.InvariantCulture),
            bytes
        );
    }

    public static byte[] Frame(byte[] message, bool compressed = false)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();

        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return buffer.ToArray();
    }
}

internal sealed record HttpAnswer(int Status, string? ContentType, string? RetryAfter, byte[] Body)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    public ExportServiceResponse Export => ExportServiceResponse.Parser.ParseFrom(Body);

    public Rpc.Status Error => Rpc.Status.Parser.ParseFrom(Body);
}

internal sealed record GrpcAnswer(int HttpStatus, int Status, byte[] Body)
{
    public ExportServiceResponse Export => ExportServiceResponse.Parser.ParseFrom(Body.AsSpan(5));
}
