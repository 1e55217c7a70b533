using System.Buffers.Binary;

namespace Platform.Observatory.Otlp;

/// <summary>Reads the fields of one protobuf message that passed WireCheck.</summary>
internal struct WireReader(ArraySegment<byte> message)
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Bytes = 2;
    public const int Fixed32 = 5;

    private int _at;

    /// <summary>Where the next field begins.</summary>
    public readonly int Position => _at;

    /// <summary>Field number and wire type as they are packed: <c>(field &lt;&lt; 3) | type</c>. False at the end.</summary>
    public bool TryReadTag(out int tag)
    {
        tag = _at < message.Count ? (int)ReadVarint() : 0;
        return tag != 0;
    }

    public ulong ReadVarint()
    {
        var value = 0UL;

        for (var shift = 0; ; shift += 7)
        {
            var next = message[_at++];
            value |= (ulong)(next & 0x7F) << shift;

            if (next < 0x80)
            {
                return value;
            }
        }
    }

    public ulong ReadFixed64()
    {
        _at += sizeof(ulong);
        return BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(_at - sizeof(ulong)));
    }

    /// <summary>Skips the value of a field.</summary>
    public void Skip(int tag)
    {
        switch (tag & 7)
        {
            case Varint:
                ReadVarint();
                break;
            case Fixed64:
                _at += sizeof(ulong);
                break;
            case Bytes:
                ReadBytes();
                break;
            default:
                _at += sizeof(uint);
                break;
        }
    }

    public ArraySegment<byte> ReadBytes()
    {
        var length = (int)ReadVarint();
        _at += length;
        return message.Slice(_at - length, length);
    }
}
