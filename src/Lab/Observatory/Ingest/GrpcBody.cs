using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Http.Features;
using Platform.Observatory.Access;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Ingest;

/// <summary>
/// The body of one call, read as a whole into memory that is counted and bounded before the framework sees it: what waits in the server's
/// own pipe for the end of a message is bounded for each call only.
/// </summary>
internal sealed class GrpcBody(HttpContext context, AccessKeys keys, BodyBudget budget, int limit)
    : PipeReader,
        IRequestBodyPipeFeature,
        IDisposable
{
    // A provider of compression is not told which call it works for.
    private static readonly AsyncLocal<GrpcBody?> OfThisCall = new();

    private readonly Stream _source = context.Request.Body;
    private readonly PooledBody _body = new(budget, limit);

    public static GrpcBody? Current
    {
        get => OfThisCall.Value;
        set => OfThisCall.Value = value;
    }

    /// <summary>The message as it came, where it is compressed.</summary>
    public Stream? Zipped { get; private set; }

    public PipeReader Reader => this;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            // Of a call without its key nothing is read.
            if (!keys.OpensOtlp(context.Request.Headers))
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

    // All of it is handed over at once, and stays until the call ends.
    public override void AdvanceTo(SequencePosition consumed) { }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) { }

    public override void CancelPendingRead() { }

    public override void Complete(Exception? exception = null) { }

    public void Dispose() => _body.Dispose();

    /// <summary>
    /// Keeps a compressed message as it is, for the service to unpack within its limits: the framework would unpack it into memory that
    /// nothing bounds.
    /// </summary>
    internal sealed class Gzip : ICompressionProvider
    {
        public string EncodingName => "gzip";

        public Stream CreateDecompressionStream(Stream stream)
        {
            Current!.Zipped = stream;
            return Stream.Null;
        }

        // Answers are a few bytes, and are never compressed.
        public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) => throw new NotSupportedException();
    }
}
