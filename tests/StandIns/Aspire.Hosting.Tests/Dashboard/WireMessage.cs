using System.Buffers.Binary;
using System.Text;

namespace Aspire.Hosting.Tests.Dashboard;

/// <summary>A protobuf message as it is on the wire: field numbers and raw values, with nothing generated from the sender's definitions.</summary>
internal sealed class WireMessage
{
    // Bounded by the size of the message.
    private readonly List<(int Number, object Value)> _fields = [];

    public WireMessage(ReadOnlyMemory<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            var tag = Varint(bytes.Span, ref at);
            _fields.Add(((int)(tag >> 3), Read((int)tag & 7, bytes, ref at)));
        }
    }

    public bool Has(int number) => _fields.Any(f => f.Number == number);

    public string Text(int number) => Last(number) is ReadOnlyMemory<byte> bytes ? Encoding.UTF8.GetString(bytes.Span) : "";

    public long Number(int number) => Last(number) is ulong value ? (long)value : 0;

    public bool Truth(int number) => Number(number) != 0;

    public WireMessage Message(int number) => Messages(number)[^1];

    public IReadOnlyList<WireMessage> Messages(int number) =>
        [.. _fields.Where(f => f.Number == number).Select(f => new WireMessage((ReadOnlyMemory<byte>)f.Value))];

    /// <summary>google.protobuf.Value: null 1, number 2, string 3, bool 4, list 6 of values 1.</summary>
    public object? Plain() => _fields.Single() switch
    {
        (2, ulong bits) => BitConverter.UInt64BitsToDouble(bits),
        (3, ReadOnlyMemory<byte> text) => Encoding.UTF8.GetString(text.Span),
        (4, ulong truth) => truth != 0,
        (6, ReadOnlyMemory<byte> list) => new WireMessage(list).Messages(1).Select(m => m.Plain()).ToArray(),
        _ => null,
    };

    private object? Last(int number) => _fields.LastOrDefault(f => f.Number == number).Value;

    private static object Read(int wireType, ReadOnlyMemory<byte> bytes, ref int at)
    {
        if (wireType == 0)
        {
            return Varint(bytes.Span, ref at);
        }

        var length = wireType switch
        {
            1 => 8,
            2 => (int)Varint(bytes.Span, ref at),
            5 => 4,
            _ => throw new InvalidDataException($"Wire type {wireType}."),
        };
        var value = bytes.Slice(at, length);
        at += length;
        return wireType switch
        {
            1 => BinaryPrimitives.ReadUInt64LittleEndian(value.Span),
            5 => (ulong)BinaryPrimitives.ReadUInt32LittleEndian(value.Span),
            _ => value,
        };
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}

/// <summary>Writes the few kinds of fields that requests have.</summary>
internal sealed class WireRequest
{
    private readonly MemoryStream _bytes = new();

    public byte[] Bytes => _bytes.ToArray();

    public WireRequest Text(int number, string value) => Block(number, Encoding.UTF8.GetBytes(value));

    public WireRequest Truth(int number, bool value)
    {
        Varint((ulong)number << 3);
        Varint(value ? 1UL : 0);
        return this;
    }

    public WireRequest Real(int number, double value)
    {
        Varint(((ulong)number << 3) | 1);
        _bytes.Write(BitConverter.GetBytes(value));
        return this;
    }

    public WireRequest Message(int number, WireRequest value) => Block(number, value.Bytes);

    /// <summary>An entry of a map from text to google.protobuf.Value.</summary>
    public WireRequest Entry(int number, string key, WireRequest value) => Message(number, new WireRequest().Text(1, key).Message(2, value));

    private WireRequest Block(int number, byte[] value)
    {
        Varint(((ulong)number << 3) | 2);
        Varint((ulong)value.Length);
        _bytes.Write(value);
        return this;
    }

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.WriteByte((byte)(value | 0x80));
        }

        _bytes.WriteByte((byte)value);
    }
}
