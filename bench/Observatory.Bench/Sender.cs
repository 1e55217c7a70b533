using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Platform.Observatory.Bench;

/// <summary>Sends batches over one protocol and counts the outcomes. A refused batch is retried, as an SDK does.</summary>
internal sealed class Sender(Child child, SpanBatches batches, int senders)
{
    private const string GrpcMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    private const string Unavailable = "14";
    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(20);
    private long _refused;

    /// <summary>Timed until everything accepted is in the store.</summary>
    public async Task<SendResult> SendAsync(bool grpc, int firstBatch, int count, CancellationToken cancellationToken)
    {
        var next = firstBatch - 1;
        var before = child.Processor;
        var clock = Stopwatch.StartNew();
        _refused = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, senders)
                .Select(_ =>
                    Task.Run(
                        async () =>
                        {
                            while (Interlocked.Increment(ref next) is var batch && batch < firstBatch + count)
                            {
                                await DeliverAsync(grpc, batches.Make(batch), cancellationToken);
                            }
                        },
                        cancellationToken
                    )
                )
        );
        await new Stats(child).ReadAsync(cancellationToken);
        return new SendResult(
            (long)count * SpanBatches.SpansPerBatch,
            Interlocked.Read(ref _refused),
            clock.Elapsed,
            child.Processor - before
        );
    }

    private async Task DeliverAsync(bool grpc, byte[] body, CancellationToken cancellationToken)
    {
        while (!await (grpc ? TryGrpcAsync(body, cancellationToken) : TryHttpAsync(body, cancellationToken)))
        {
            Interlocked.Add(ref _refused, SpanBatches.SpansPerBatch);
            await Task.Delay(Backoff, cancellationToken);
        }
    }

    private async Task<bool> TryHttpAsync(byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using var response = await child.OtlpHttp.SendAsync(request, cancellationToken);

        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }

        var answer = await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken);
        return answer.Length == 0 ? true : throw new InvalidOperationException("A part of a batch was rejected.");
    }

    private async Task<bool> TryGrpcAsync(byte[] body, CancellationToken cancellationToken)
    {
        var frame = new byte[5 + body.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)body.Length);
        body.CopyTo(frame, 5);
        using var request = new HttpRequestMessage(HttpMethod.Post, GrpcMethod)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await child.OtlpGrpc.SendAsync(request, cancellationToken);
        var answer = await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken);
        var status = (
            response.TrailingHeaders.TryGetValues("grpc-status", out var trailers) ? trailers : response.Headers.GetValues("grpc-status")
        ).Single();
        return status == "0" && answer.Length <= 5 ? true
            : status == Unavailable ? false
            : throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"grpc-status {status}, {answer.Length} bytes")
            );
    }
}

internal sealed record SendResult(long Spans, long Refused, TimeSpan Elapsed, TimeSpan Processor)
{
    public double PerSecond => Spans / Elapsed.TotalSeconds;

    /// <summary>CPU time of Observatory, which other work on the machine affects least.</summary>
    public double MicrosecondsPerSpan => Processor.TotalMicroseconds / Spans;

    public static SendResult operator +(SendResult left, SendResult right) =>
        new(left.Spans + right.Spans, left.Refused + right.Refused, left.Elapsed + right.Elapsed, left.Processor + right.Processor);
}
