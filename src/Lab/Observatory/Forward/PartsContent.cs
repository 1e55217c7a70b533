using System.IO.Compression;
using System.Net;

namespace Platform.Observatory.Forward;

/// <summary>The parts of a request as one body of known length.</summary>
internal sealed class PartsContent : HttpContent
{
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _parts;

    public PartsContent(IReadOnlyList<ReadOnlyMemory<byte>> parts, string contentType, bool gzip)
    {
        _parts = gzip ? [Gzip(parts)] : parts;
        Headers.ContentType = new(contentType);

        if (gzip)
        {
            Headers.ContentEncoding.Add("gzip");
        }
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        foreach (var part in _parts)
        {
            await stream.WriteAsync(part);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _parts.Sum(part => (long)part.Length);
        return true;
    }

    private static ReadOnlyMemory<byte> Gzip(IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var buffer = new MemoryStream();

        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var part in parts)
            {
                gzip.Write(part.Span);
            }
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }
}
