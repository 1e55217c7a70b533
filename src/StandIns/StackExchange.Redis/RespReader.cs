using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace StackExchange.Redis;

/// <summary>Reads replies: "+OK\r\n", "-ERR …\r\n", ":7\r\n", "$3\r\nabc\r\n", "*2\r\n…".</summary>
internal sealed class RespReader(Stream stream)
{
    /// <summary>The protocol allows 512 MB for one string; a whole reply is refused above this.</summary>
    public const int MaxReplyBytes = 64 * 1024 * 1024;

    private const int MaxDepth = 8;

    // What an element of an array costs beside its content.
    private const int ElementBytes = 64;

    // Also the longest line: only errors and simple strings are lines, and both are short.
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private long _allowance;
    private long _lastHeard = Stopwatch.GetTimestamp();

    /// <summary>When bytes last came, as a timestamp of <see cref="Stopwatch"/>.</summary>
    public long LastHeard => Volatile.Read(ref _lastHeard);

    public ValueTask<RedisResult> ReadAsync(CancellationToken cancellationToken)
    {
        _allowance = MaxReplyBytes;
        return ReadAsync(depth: 0, cancellationToken);
    }

    private async ValueTask<RedisResult> ReadAsync(int depth, CancellationToken cancellationToken)
    {
        var line = await ReadLineAsync(cancellationToken);
        if (line.IsEmpty)
        {
            throw Malformed("an empty line instead of a reply");
        }

        var content = line[1..];
        switch ((char)line.Span[0])
        {
            case '+':
                return new ValueResult(content.ToArray());
            case '-':
                return new ErrorResult(Encoding.UTF8.GetString(content.Span));
            case ':':
                return new ValueResult(ToInteger(content));
            case '$':
                return new ValueResult(await ReadBulkAsync(ToInteger(content), cancellationToken));
            case '*':
                return await ReadArrayAsync(ToInteger(content), depth, cancellationToken);
            default:
                throw Malformed("an unknown type of reply");
        }
    }

    private async ValueTask<RedisResult> ReadArrayAsync(long count, int depth, CancellationToken cancellationToken)
    {
        if (count == -1)
        {
            return new ValueResult(RedisValue.Null);
        }

        Charge(count, ElementBytes);
        if (depth == MaxDepth)
        {
            throw Malformed("a reply nested too deeply");
        }

        var elements = new RedisResult[count];
        for (var index = 0; index < elements.Length; index++)
        {
            elements[index] = await ReadAsync(depth + 1, cancellationToken);
        }

        return new ArrayResult(elements);
    }

    private async ValueTask<byte[]?> ReadBulkAsync(long length, CancellationToken cancellationToken)
    {
        if (length == -1)
        {
            return null;
        }

        Charge(length, bytesEach: 1);
        var bytes = new byte[length];
        var filled = (int)Math.Min(length, _end - _start);
        _buffer.AsSpan(_start, filled).CopyTo(bytes);
        _start += filled;
        while (filled < bytes.Length)
        {
            filled += await ReceiveAsync(bytes.AsMemory(filled), cancellationToken);
        }

        return (await ReadLineAsync(cancellationToken)).IsEmpty ? bytes : throw Malformed("a string longer than announced");
    }

    /// <summary>A line without its end; valid until the next read.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellationToken)
    {
        var scanned = 0;
        while (true)
        {
            var feed = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                var line = _buffer.AsMemory(_start, scanned + feed);
                _start += scanned + feed + 1;
                return line.Length > 0 && line.Span[^1] == '\r' ? line[..^1] : throw Malformed("a line that does not end in CR LF");
            }

            scanned = _end - _start;
            if (scanned == _buffer.Length)
            {
                throw Malformed("a line that does not end");
            }

            _buffer.AsSpan(_start, scanned).CopyTo(_buffer);
            (_start, _end) = (0, scanned);
            _end += await ReceiveAsync(_buffer.AsMemory(_end), cancellationToken);
        }
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        var received = await stream.ReadAsync(into, cancellationToken);
        Volatile.Write(ref _lastHeard, Stopwatch.GetTimestamp());
        return received > 0
            ? received
            : throw new RedisConnectionException(ConnectionFailureType.SocketClosed, "The Redis server closed the connection.");
    }

    private void Charge(long count, int bytesEach)
    {
        if (count < 0)
        {
            throw Malformed("a negative length");
        }

        if (count > _allowance / bytesEach)
        {
            throw Malformed($"a reply of more than {MaxReplyBytes} bytes");
        }

        _allowance -= count * bytesEach;
    }

    private static long ToInteger(ReadOnlyMemory<byte> text)
        => long.TryParse(text.Span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Malformed("something that is not an integer");

    private static RedisConnectionException Malformed(string what)
        => new(ConnectionFailureType.ProtocolFailure, $"The Redis server sent {what}.");
}
