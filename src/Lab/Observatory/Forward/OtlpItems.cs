using System.Buffers;
using System.Buffers.Binary;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Forward;

/// <summary>
/// Reads the items of a request in place, without deserializing them: all three requests are groups (field 1) of scopes (2) of items (2).
/// The intake has checked the bytes.
/// </summary>
internal static class OtlpItems
{
    private const int GroupTag = (1 << 3) | WireReader.Bytes;
    private const int ScopeTag = (2 << 3) | WireReader.Bytes;
    private const int ItemTag = (2 << 3) | WireReader.Bytes;
    private const int PointTag = (1 << 3) | WireReader.Bytes;
    private const int TraceIdBytes = 16;

    // A plain null would become an empty segment.
    private static ArraySegment<byte>? Nothing => null;

    public static int Count(Signal signal, ArraySegment<byte> request)
    {
        var count = 0;
        Each(request, item => count += signal == Signal.Metrics ? Points(item) : 1);
        return count;
    }

    /// <summary>
    /// Calls keep once per run of items of one trace; items without a trace are kept. Returns the same bytes when all are kept, null when
    /// none is.
    /// </summary>
    public static ArraySegment<byte>? Filter(Signal signal, ArraySegment<byte> request, Func<UInt128, bool> keep, out int kept)
    {
        // One per item, in order.
        var decisions = new List<bool>();
        var last = UInt128.Zero;
        var decision = true;
        Each(
            request,
            item =>
            {
                if (TraceOf(signal, item) is var trace && trace != last)
                {
                    last = trace;
                    decision = trace == UInt128.Zero || keep(trace);
                }

                decisions.Add(decision);
            }
        );
        kept = decisions.Count(each => each);
        return kept == decisions.Count ? request
            : kept == 0 ? Nothing
            : Write(request, decisions);
    }

    public static void EachTrace(Signal signal, ArraySegment<byte> request, Action<UInt128> action)
    {
        var last = UInt128.Zero;
        Each(
            request,
            item =>
            {
                if (TraceOf(signal, item) is var trace && trace != last)
                {
                    last = trace;
                    action(trace);
                }
            }
        );
    }

    private static void Each(ArraySegment<byte> request, Action<ArraySegment<byte>> action)
    {
        for (var groups = new WireReader(request); groups.TryReadTag(out var tag); )
        {
            if (tag != GroupTag)
            {
                groups.Skip(tag);
                continue;
            }

            for (var scopes = new WireReader(groups.ReadBytes()); scopes.TryReadTag(out var scopeTag); )
            {
                if (scopeTag != ScopeTag)
                {
                    scopes.Skip(scopeTag);
                    continue;
                }

                for (var items = new WireReader(scopes.ReadBytes()); items.TryReadTag(out var itemTag); )
                {
                    if (itemTag == ItemTag)
                    {
                        action(items.ReadBytes());
                    }
                    else
                    {
                        items.Skip(itemTag);
                    }
                }
            }
        }
    }

    private static UInt128 TraceOf(Signal signal, ArraySegment<byte> item)
    {
        var wanted = ((signal == Signal.Traces ? 1 : 9) << 3) | WireReader.Bytes;

        for (var fields = new WireReader(item); fields.TryReadTag(out var tag); )
        {
            if (tag == wanted)
            {
                return fields.ReadBytes() is { Count: TraceIdBytes } id ? BinaryPrimitives.ReadUInt128BigEndian(id) : UInt128.Zero;
            }

            fields.Skip(tag);
        }

        return UInt128.Zero;
    }

    // gauge 5, sum 7, histogram 9, exponential histogram 10, summary 11; each has its points in field 1.
    private static int Points(ArraySegment<byte> metric)
    {
        var count = 0;

        for (var fields = new WireReader(metric); fields.TryReadTag(out var tag); )
        {
            if ((tag & 7) != WireReader.Bytes || tag >> 3 is not (5 or 7 or 9 or 10 or 11))
            {
                fields.Skip(tag);
                continue;
            }

            for (var data = new WireReader(fields.ReadBytes()); data.TryReadTag(out var dataTag); )
            {
                count += dataTag == PointTag ? 1 : 0;
                data.Skip(dataTag);
            }
        }

        return count;
    }

    // Scopes and groups without remaining items are omitted.
    private static ArraySegment<byte>? Write(ArraySegment<byte> request, List<bool> decisions)
    {
        var next = 0;
        return WriteLevel(request, GroupTag, group => WriteLevel(group, ScopeTag, WriteScope));

        ArraySegment<byte>? WriteScope(ArraySegment<byte> scope) => WriteLevel(scope, ItemTag, item => decisions[next++] ? item : Nothing);
    }

    /// <summary>
    /// The message with each child of that tag replaced, or omitted where the callback returns null; null when none is left.
    /// </summary>
    private static ArraySegment<byte>? WriteLevel(
        ArraySegment<byte> message,
        int childTag,
        Func<ArraySegment<byte>, ArraySegment<byte>?> child
    )
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(256, message.Count / 4));
        var any = false;
        var reader = new WireReader(message);

        for (var start = 0; reader.TryReadTag(out var tag); start = reader.Position)
        {
            if (tag != childTag)
            {
                reader.Skip(tag);
                output.Write(message.AsSpan(start, reader.Position - start));
            }
            else if (child(reader.ReadBytes()) is { } replaced)
            {
                any = true;
                WriteVarint(output, (uint)tag);
                WriteVarint(output, (uint)replaced.Count);
                output.Write(replaced);
            }
        }

        return any && System.Runtime.InteropServices.MemoryMarshal.TryGetArray(output.WrittenMemory, out var bytes) ? bytes : Nothing;
    }

    private static void WriteVarint(ArrayBufferWriter<byte> output, uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            output.Write([(byte)(value | 0x80)]);
        }

        output.Write([(byte)value]);
    }
}
