using System.Buffers;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Platform.Observatory.Otlp;
using Platform.Observatory.Receiving;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Ingest;

/// <summary>
/// OTLP over gRPC. Messages are passed on as raw bytes, since the intake reads most of them without parsing; hence custom marshallers
/// instead of a generated base class.
/// </summary>
internal sealed class OtlpGrpc(Intake intake, BodyBudget budget, IOptions<ObservatoryOptions> options)
{
    // Each for one direction: a server reads requests and writes responses.
    private static readonly Marshaller<GrpcMessage> Request = Marshallers.Create<GrpcMessage>(
        (_, _) => throw new NotSupportedException(),
        Read
    );

    private static readonly Marshaller<ExportServiceResponse> Response = Marshallers.Create<ExportServiceResponse>(
        Write,
        _ => throw new NotSupportedException()
    );

    public ServerServiceDefinition Definition =>
        ServerServiceDefinition
            .CreateBuilder()
            .AddMethod(Export("trace.v1.TraceService"), (message, call) => ExportAsync(Signal.Traces, message, call))
            .AddMethod(Export("metrics.v1.MetricsService"), (message, call) => ExportAsync(Signal.Metrics, message, call))
            .AddMethod(Export("logs.v1.LogsService"), (message, call) => ExportAsync(Signal.Logs, message, call))
            .Build();

    private async Task<ExportServiceResponse> ExportAsync(Signal signal, GrpcMessage message, ServerCallContext call)
    {
        try
        {
            if (message.Zipped is null)
            {
                return intake.Accept(signal, message.Bytes, json: false).ToResponse();
            }

            using var unzipped = new PooledBody(budget, options.Value.MaxDecompressedBytes);
            await unzipped.FillUnzippedAsync(message.Zipped, call.CancellationToken);
            return intake.Accept(signal, unzipped.Bytes, json: false).ToResponse();
        }
        catch (RefusedException refused)
        {
            throw refused.ToRpc();
        }
    }

    private static Method<GrpcMessage, ExportServiceResponse> Export(string service) =>
        new(MethodType.Unary, "opentelemetry.proto.collector." + service, "Export", Request, Response);

    // The bytes belong to the call's GrpcBody and live until it ends, so no copy is needed.
    private static GrpcMessage Read(DeserializationContext context)
    {
        var payload = context.PayloadAsReadOnlySequence();
        return new GrpcMessage(SequenceMarshal.TryGetArray(payload, out var bytes) ? bytes : payload.ToArray(), GrpcBody.Current?.Zipped);
    }

    private static void Write(ExportServiceResponse response, SerializationContext context)
    {
        context.SetPayloadLength(response.CalculateSize());
        response.WriteTo(context.GetBufferWriter());
        context.Complete();
    }

    /// <summary>Zipped is the compressed message; Bytes is empty then.</summary>
    private sealed record GrpcMessage(ArraySegment<byte> Bytes, Stream? Zipped);
}
