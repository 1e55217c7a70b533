using System.Buffers.Binary;
using Google.Protobuf;

namespace Platform.Observatory.Otlp;

/// <summary>Trace and span ids: 16 and 8 bytes, big-endian, not all zero.</summary>
internal static class SpanIds
{
    private const int TraceBytes = 16;
    private const int SpanBytes = 8;

    public static UInt128 Trace(ByteString id) => id.Length == TraceBytes ? BinaryPrimitives.ReadUInt128BigEndian(id.Span) : UInt128.Zero;

    public static ulong Span(ByteString id) => id.Length == SpanBytes ? BinaryPrimitives.ReadUInt64BigEndian(id.Span) : 0;

    public static string? RejectionReason(Span span)
    {
        if (Trace(span.TraceId) == UInt128.Zero)
        {
            return "trace_id must be 16 bytes and not all zero";
        }

        if (Span(span.SpanId) == 0)
        {
            return "span_id must be 8 bytes and not all zero";
        }

        if (span.ParentSpanId.Length is not (0 or SpanBytes))
        {
            return "parent_span_id must be 8 bytes";
        }

        return span.Links.Any(link => Trace(link.TraceId) == UInt128.Zero || Span(link.SpanId) == 0)
            ? "the ids of a link must be 16 and 8 bytes and not all zero"
            : null;
    }

    /// <summary>A log needs no trace, which OTLP also writes as all-zero ids. Ids of another length are an error.</summary>
    public static string? RejectionReason(LogRecord log)
    {
        if (log.TraceId.Length is not (0 or TraceBytes))
        {
            return "trace_id must be 16 bytes";
        }

        return log.SpanId.Length is not (0 or SpanBytes) ? "span_id must be 8 bytes" : null;
    }
}
