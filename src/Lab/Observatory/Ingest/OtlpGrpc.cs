using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Platform.Observatory.Access;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Ingest;

/// <summary>
/// OTLP over gRPC: unary calls on Kestrel's HTTP/2, framed by hand (Grpc.AspNetCore is not in every registry). A message is
/// <c>[1 byte: compressed?][4 bytes: length, big-endian][message]</c>; the outcome is in trailers, never in the HTTP status.
/// </summary>
internal sealed class OtlpGrpc(Intake intake, AccessKeys keys, BodyBudget budget, RefusalLog refusals, IOptions<ObservatoryOptions> options)
{
    private const int HeaderBytes = 5;

    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) != true)
        {
            // Not a gRPC client: it would not understand trailers.
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-accept-encoding"] = "identity,gzip";

        try
        {
            var result = await ReadAsync(context);
            await WriteAsync(context, result.ToResponse());
            context.Response.AppendTrailer("grpc-status", "0");
        }
        catch (RefusedException refused)
        {
            refusals.Add(refused, context);

            // Without a message the status goes into the headers ("trailers only").
            var code = (int)GrpcStatus.Of(refused.Refusal);
            context.Response.Headers["grpc-status"] = code.ToString(CultureInfo.InvariantCulture);
            context.Response.Headers["grpc-message"] = Uri.EscapeDataString(refused.Message);
        }
    }

    private async Task<IntakeResult> ReadAsync(HttpContext context)
    {
        var signal = context.Request.Path.Value switch
        {
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Signal.Traces,
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Signal.Metrics,
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Signal.Logs,
            _ => throw new RefusedException(Refusal.NotFound, "There is no such method."),
        };

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            throw new RefusedException(Refusal.MethodNotAllowed, "A call is a POST.");
        }

        if (!keys.OpensOtlp(context.Request.Headers))
        {
            throw new RefusedException(Refusal.Unauthenticated, "The header x-otlp-api-key is missing or wrong.");
        }

        var limits = options.Value;
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        using var body = new PooledBody(budget, limits.MaxBodyBytes + HeaderBytes);
        await body.FillAsync(context.Request.Body, context.RequestAborted);
        var (message, compressed) = Unframe(body.Bytes);

        if (!compressed)
        {
            return intake.Accept(signal, message, json: false);
        }

        if (context.Request.Headers["grpc-encoding"] != "gzip")
        {
            throw new RefusedException(Refusal.UnsupportedEncoding, "The message encoding must be gzip.");
        }

        using var unzipped = new PooledBody(budget, limits.MaxDecompressedBytes);
        await unzipped.FillUnzippedAsync(message, context.RequestAborted);
        return intake.Accept(signal, unzipped.Bytes, json: false);
    }

    private static (ArraySegment<byte> Message, bool Compressed) Unframe(ArraySegment<byte> body)
    {
        if (body.Count < HeaderBytes || body[0] > 1 || BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)) != body.Count - HeaderBytes)
        {
            throw new RefusedException(Refusal.Malformed, "The call must hold exactly one whole message.");
        }

        return (body[HeaderBytes..], body[0] == 1);
    }

    private static async Task WriteAsync(HttpContext context, ExportServiceResponse message)
    {
        var frame = new byte[HeaderBytes + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - HeaderBytes));
        message.WriteTo(frame.AsSpan(HeaderBytes));
        await context.Response.Body.WriteAsync(frame, context.RequestAborted);
    }
}
