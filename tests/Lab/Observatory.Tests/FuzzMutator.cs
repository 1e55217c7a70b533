using System.Text;

namespace Platform.Observatory.Tests;

/// <summary>Mutates valid inputs, in the same way for the same seed.</summary>
internal sealed class FuzzMutator(Random random)
{
    private const int MaxChanges = 6;
    private const int MaxPiece = 64;
    private const int MaxBytes = 64 << 10;

    // Where decoders have their edges: ends of ranges, halves of characters, brackets without an end.
    private static readonly byte[][] Pieces =
    [
        [0x00],
        [0xFF],
        [0x80],
        [0x0A, 0x00],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        [0xFF, 0xFF, 0xFF, 0xFF, 0x07],
        [0xC3, 0x28],
        [0xED, 0xA0, 0x80],
        .. new[]
        {
            "\\uD800",
            "\\u0000",
            "null",
            "-1",
            "1e999",
            "1e-999",
            "9223372036854775808",
            "18446744073709551616",
            "-0",
            "{}",
            "[]",
            "\"\"",
            "[[[[[[[[",
            "{\"a\":",
            "}",
            "]",
            ",",
            ":",
            "\"",
            "\n",
            "\n\n",
            "\r\n",
            "{\"type\":\"event\"}\n",
            "\"length\":-1",
            "\"length\":2147483647",
            "!=",
            "<=",
            ">=",
            "=",
            "\\",
            "1e28",
            "79228162514264337593543950335",
            "NaN",
            "duration>",
            "trace=",
            "level>",
            "kind=",
            "é",
            "😀",
            "\u2028",
            "@",
            "password=x",
            "4111 1111 1111 1111",
            "Bearer abcdefgh",
            "eyJ",
            "://a:b@",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>One to six changes, mostly one; pieces also come from other, a second sample.</summary>
    public byte[] Mutate(byte[] sample, byte[] other)
    {
        var bytes = sample.ToList();

        for (var change = 0; (change == 0 || random.Next(3) == 0) && change < MaxChanges && bytes.Count is > 0 and < MaxBytes; change++)
        {
            Change(bytes, other);
        }

        return [.. bytes];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        var at = random.Next(bytes.Count);

        switch (random.Next(9))
        {
            case 0:
                bytes[at] = (byte)random.Next(256);
                break;
            case 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, MaxPiece), bytes.Count - at)));
                break;
            case 4:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 5:
                bytes[at] = (byte)(bytes[at] + random.Next(-4, 5));
                break;
            case 6:
                var from = random.Next(other.Length);
                bytes.InsertRange(at, other[from..(from + Math.Min(random.Next(1, MaxPiece), other.Length - from))]);
                break;
            case 7:
                Overwrite(bytes, at, Pieces[random.Next(Pieces.Length)]);
                break;
            default:
                bytes.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                break;
        }
    }

    private static void Overwrite(List<byte> bytes, int at, byte[] piece)
    {
        for (var index = 0; index < piece.Length && at + index < bytes.Count; index++)
        {
            bytes[at + index] = piece[index];
        }
    }
}
