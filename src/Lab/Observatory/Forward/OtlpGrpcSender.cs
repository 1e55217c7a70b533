using System.Buffers;
using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Compression;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Forward;

/// <summary>OTLP over gRPC. The message is passed on as raw bytes.</summary>
internal sealed class OtlpGrpcSender : ISender
{
    private const string DetailsTrailer = "grpc-status-details-bin";
    private const string RetryInfoType = "google.rpc.RetryInfo";
    private const int MaxAnswerBytes = 64 << 10;

    private readonly GrpcChannel _channel;
    private readonly CallInvoker _calls;
    private readonly Method<SendRequest, ExportServiceResponse> _method;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _headers;
    private readonly bool _gzip;
    private readonly TimeProvider _time;

    public OtlpGrpcSender(Uri endpoint, Signal signal, bool gzip, IReadOnlyList<KeyValuePair<string, string>> headers, TimeProvider time)
    {
        _channel = GrpcChannel.ForAddress(
            endpoint,
            new GrpcChannelOptions
            {
                HttpHandler = Outgoing.Handler(),
                DisposeHttpClient = true,
                MaxSendMessageSize = null,
                MaxReceiveMessageSize = MaxAnswerBytes,
                CompressionProviders = [new GzipCompressionProvider(CompressionLevel.Fastest)],
            }
        );
        _calls = _channel.CreateCallInvoker();
        var (package, service) = signal switch
        {
            Signal.Traces => ("trace", "TraceService"),
            Signal.Metrics => ("metrics", "MetricsService"),
            _ => ("logs", "LogsService"),
        };
        _method = new Method<SendRequest, ExportServiceResponse>(
            MethodType.Unary,
            $"opentelemetry.proto.collector.{package}.v1.{service}",
            "Export",
            Marshallers.Create<SendRequest>(Write, Read),
            Answer()
        );
        _headers = headers;
        _gzip = gzip;
        _time = time;
    }

    public async Task<SendResult> SendAsync(SendRequest request, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Outgoing.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var metadata = new Metadata { { Hops.Header, request.Hops } };

        foreach (var (name, value) in _headers)
        {
            metadata.Add(name, value);
        }

        if (_gzip)
        {
            // Makes Grpc.Net.Client compress the message; it is not sent.
            metadata.Add("grpc-internal-encoding-request", "gzip");
        }

        try
        {
            var options = new CallOptions(metadata, cancellationToken: either.Token);
            using var call = _calls.AsyncUnaryCall(_method, host: null, options, request);
            var partial = (await call.ResponseAsync).PartialSuccess;
            return new SendResult(SendOutcome.Sent, partial?.ErrorMessage, Math.Max(0, partial?.Rejected ?? 0));
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException && either.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new SendResult(SendOutcome.Retry, $"No answer in {Outgoing.Timeout.TotalSeconds:0} s.");
        }
        catch (RpcException exception)
        {
            var retryAfter = RetryAfter(exception.Trailers);
            return new SendResult(
                IsRetryable(exception, retryAfter) ? SendOutcome.Retry : SendOutcome.Refused,
                $"{exception.StatusCode}: {exception.Status.Detail}",
                RetryAfter: retryAfter
            );
        }
    }

    public void Dispose() => _channel.Dispose();

    // As in the OTLP specification. Transport errors are retried too: they are not the destination's answer.
    private static bool IsRetryable(RpcException exception, TimeSpan? retryAfter) =>
        exception.StatusCode switch
        {
            StatusCode.Cancelled
            or StatusCode.DeadlineExceeded
            or StatusCode.Aborted
            or StatusCode.OutOfRange
            or StatusCode.Unavailable
            or StatusCode.DataLoss => true,
            StatusCode.ResourceExhausted => retryAfter is not null,
            _ => exception.Status.DebugException is HttpRequestException or IOException,
        };

    private static TimeSpan? RetryAfter(Metadata trailers)
    {
        try
        {
            return trailers.GetValueBytes(DetailsTrailer) is { } bytes
                ? Rpc
                    .Status.Parser.ParseFrom(bytes)
                    .Details.Where(detail => detail.TypeUrl.EndsWith(RetryInfoType, StringComparison.Ordinal))
                    .Select(detail => Rpc.RetryInfo.Parser.ParseFrom(detail.Value).RetryDelay?.ToTimeSpan())
                    .FirstOrDefault()
                : null;
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidOperationException or OverflowException)
        {
            // Unreadable: treated as no requested delay.
            return null;
        }
    }

    private static void Write(SendRequest request, SerializationContext context)
    {
        context.SetPayloadLength(request.Bytes);
        var writer = context.GetBufferWriter();

        foreach (var part in request.Parts)
        {
            writer.Write(part.Span);
        }

        context.Complete();
    }

    private static SendRequest Read(DeserializationContext context) => throw new NotSupportedException("A client reads no requests.");

    private static Marshaller<ExportServiceResponse> Answer() =>
        Marshallers.Create<ExportServiceResponse>(
            (_, _) => throw new NotSupportedException("A client writes no answers."),
            context => ExportServiceResponse.Parser.ParseFrom(context.PayloadAsReadOnlySequence())
        );
}
