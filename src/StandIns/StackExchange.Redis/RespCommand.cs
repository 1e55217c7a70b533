using System.Buffers;
using System.Globalization;
using System.Text;

namespace StackExchange.Redis;

/// <summary>One part of a command; text and values become "?" in telemetry, keys do not.</summary>
internal readonly record struct RespArgument(byte[] Bytes, bool IsKey)
{
    public static implicit operator RespArgument(RedisKey key) => new(key.Bytes, IsKey: true);

    public static implicit operator RespArgument(RedisValue value) => new(value.Bytes, IsKey: false);

    public static implicit operator RespArgument(string text) => new(Encoding.UTF8.GetBytes(text), IsKey: false);
}

/// <summary>A command on the wire: "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".</summary>
internal sealed class RespCommand(string name, params IReadOnlyList<RespArgument> arguments)
{
    private const int MaxQueryTextLength = 256;

    public string Name => name;

    public long Length => name.Length + arguments.Sum(argument => (long)argument.Bytes.Length);

    /// <summary>"SET price:42 ? ? ?": what may be seen of a command.</summary>
    public string QueryText
    {
        get
        {
            var text = new StringBuilder(name);
            foreach (var argument in arguments)
            {
                text.Append(' ').Append(argument.IsKey ? Encoding.UTF8.GetString(argument.Bytes) : "?");
                if (text.Length > MaxQueryTextLength)
                {
                    return text.ToString(0, MaxQueryTextLength);
                }
            }

            return text.ToString();
        }
    }

    public void WriteTo(IBufferWriter<byte> output)
    {
        WriteHeader(output, '*', arguments.Count + 1);
        WriteBulk(output, Encoding.ASCII.GetBytes(name));
        foreach (var argument in arguments)
        {
            WriteBulk(output, argument.Bytes);
        }
    }

    private static void WriteBulk(IBufferWriter<byte> output, byte[] bytes)
    {
        WriteHeader(output, '$', bytes.Length);
        output.Write(bytes);
        output.Write("\r\n"u8);
    }

    private static void WriteHeader(IBufferWriter<byte> output, char type, int length)
    {
        Span<byte> header = stackalloc byte[16];
        header[0] = (byte)type;
        length.TryFormat(header[1..], out var digits, provider: CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(header[(1 + digits)..]);
        output.Write(header[..(digits + 3)]);
    }
}
