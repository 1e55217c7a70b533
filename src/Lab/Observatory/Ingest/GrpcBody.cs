using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Http.Features;
using Platform.Observatory.Access;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Ingest;

/// <summary>
/// The body of one call, buffered within the shared body budget before the framework sees it: the server's own pipe is bounded per call
/// only.
/// </summary>
internal sealed class GrpcBody(HttpContext context, AccessKeys keys, BodyBudget budget, int limit)
    : PipeReader,
        IRequestBodyPipeFeature,
        IDisposable
{
    // An ICompressionProvider is not told which call it serves.
    private static readonly AsyncLocal<GrpcBody?> OfThisCall = new();

    private readonly Stream _source = context.Request.Body;
    private readonly PooledBody _body = new(budget, limit);

    public static GrpcBody? Current
    {
        get => OfThisCall.Value;
        set => OfThisCall.Value = value;
    }

    /// <summary>The message as received, when it is compressed.</summary>
    public Stream? Zipped { get; private set; }

    public PipeReader Reader => this;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            // Nothing is read of a call without a valid key.
            if (!keys.AllowsOtlp(context.Request.Headers))
            {
                throw new RefusedException(Refusal.Unauthenticated, "The header x-otlp-api-key is missing or wrong.");
            }

            await _body.FillAsync(_source, context.RequestAborted);
            return new ReadResult(new ReadOnlySequence<byte>(_body.Bytes), isCanceled: false, isCompleted: true);
        }
        catch (RefusedException refused)
        {
            throw refused.ToRpc();
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        result = default;
        return false;
    }

    // The whole body is returned at once and kept until the call ends.
    public override void AdvanceTo(SequencePosition consumed) { }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) { }

    public override void CancelPendingRead() { }

    public override void Complete(Exception? exception = null) { }

    public void Dispose() => _body.Dispose();

    /// <summary>
    /// Leaves a compressed message to the service, which decompresses it within its limits; the framework would decompress into unbounded
    /// memory.
    /// </summary>
    internal sealed class Gzip : ICompressionProvider
    {
        public string EncodingName => "gzip";

        public Stream CreateDecompressionStream(Stream stream)
        {
            Current!.Zipped = stream;
            return Stream.Null;
        }

        // Responses are a few bytes and never compressed.
        public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) => throw new NotSupportedException();
    }
}
