using System.Buffers;
using System.IO.Compression;

namespace Platform.Observatory.Receiving;

/// <summary>A request body in a rented array, never larger than its limit.</summary>
internal sealed class PooledBody(BodyBudget budget, int limit) : IDisposable
{
    private const int FirstRent = 16 << 10;
    private byte[] _bytes = [];
    private int _length;

    public ArraySegment<byte> Bytes => new(_bytes, 0, _length);

    public async Task FillAsync(Stream source, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_length == _bytes.Length)
            {
                Grow();
            }

            var read = await ReadAsync(source, _bytes.AsMemory(_length), cancellationToken);

            if (read == 0)
            {
                return;
            }

            _length += read;

            if (_length > limit)
            {
                throw new RefusedException(Refusal.TooLarge, $"The body is larger than {limit} bytes.");
            }
        }
    }

    public Task FillUnzippedAsync(ArraySegment<byte> zipped, CancellationToken cancellationToken) =>
        FillDecompressedAsync(zipped, Unzip, cancellationToken);

    public Task FillUnzippedAsync(Stream zipped, CancellationToken cancellationToken) =>
        FillDecompressedAsync(zipped, Unzip, cancellationToken);

    public async Task FillDecompressedAsync(
        ArraySegment<byte> compressed,
        Func<Stream, Stream> decompress,
        CancellationToken cancellationToken
    )
    {
        using var source = new MemoryStream(compressed.Array!, compressed.Offset, compressed.Count, writable: false);
        await FillDecompressedAsync(source, decompress, cancellationToken);
    }

    private async Task FillDecompressedAsync(Stream compressed, Func<Stream, Stream> decompress, CancellationToken cancellationToken)
    {
        try
        {
            using var plain = decompress(compressed);
            await FillAsync(plain, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException)
        {
            // InvalidOperationException is how BrotliStream reports invalid bytes.
            throw new RefusedException(Refusal.Malformed, "The body is not valid in its content encoding.", exception);
        }
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            budget.Release(_bytes.Length);
            _bytes = [];
            _length = 0;
        }
    }

    private static GZipStream Unzip(Stream zipped) => new(zipped, CompressionMode.Decompress);

    private static async ValueTask<int> ReadAsync(Stream source, Memory<byte> into, CancellationToken cancellationToken)
    {
        try
        {
            return await source.ReadAsync(into, cancellationToken);
        }
        catch (BadHttpRequestException exception)
        {
            // Broken chunks, a body shorter than announced, or one that trickles in: the sender gets an answer in OTLP.
            throw new RefusedException(Refusal.Malformed, "The body did not arrive as a whole.", exception);
        }
    }

    private void Grow()
    {
        var grown = ArrayPool<byte>.Shared.Rent(Math.Max(FirstRent, _bytes.Length * 2));

        try
        {
            budget.Reserve(grown.Length);
        }
        catch (RefusedException)
        {
            ArrayPool<byte>.Shared.Return(grown);
            throw;
        }

        var length = _length;
        _bytes.AsSpan(0, length).CopyTo(grown);
        Dispose();
        (_bytes, _length) = (grown, length);
    }
}
