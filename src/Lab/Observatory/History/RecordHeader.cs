using System.Buffers.Binary;
using System.Numerics;

namespace Platform.Observatory.History;

/// <summary>
/// Before each body: length (4 bytes), kind (1), time in ticks of 100 ns since the year 1 (8), checksum of the body (4), checksum of the
/// header (4); little-endian, CRC-32C. With its own checksum the length can be trusted although the body is damaged.
/// </summary>
internal readonly record struct RecordHeader(int Length, RecordKind Kind, DateTimeOffset Time, uint BodyChecksum)
{
    public const int Bytes = 21;

    /// <summary>First in each segment.</summary>
    public static ReadOnlySpan<byte> Magic => "OBSLOG1\n"u8;

    public static RecordHeader Of(HistoryRecord record) => new(record.Body.Length, record.Kind, record.Time, Checksum(record.Body.Span));

    public void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteInt32LittleEndian(into, Length);
        into[4] = (byte)Kind;
        BinaryPrimitives.WriteInt64LittleEndian(into[5..], Time.UtcTicks);
        BinaryPrimitives.WriteUInt32LittleEndian(into[13..], BodyChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(into[17..], Checksum(into[..17]));
    }

    /// <summary>Null when the header is damaged.</summary>
    public static RecordHeader? Read(ReadOnlySpan<byte> from)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(from);
        var ticks = BinaryPrimitives.ReadInt64LittleEndian(from[5..]);
        return
            BinaryPrimitives.ReadUInt32LittleEndian(from[17..]) == Checksum(from[..17])
            && length >= 0
            && ticks >= 0
            && ticks <= DateTime.MaxValue.Ticks
            ? new RecordHeader(
                length,
                (RecordKind)from[4],
                new DateTimeOffset(ticks, TimeSpan.Zero),
                BinaryPrimitives.ReadUInt32LittleEndian(from[13..])
            )
            : null;
    }

    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;

        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var last in bytes)
        {
            sum = BitOperations.Crc32C(sum, last);
        }

        return ~sum;
    }
}
