using System.Text.Json;
using System.Text.Json.Serialization;

namespace Platform.Acquirer;

/// <summary>
/// ledger.jsonl: one decision per line, the latest line of a key wins. Append hands the line to the operating system, so it survives a
/// crash of the process; without fsync the last ones may not survive a power cut.
/// </summary>
internal sealed partial class LedgerFile : IDisposable
{
    // {"key":"0197...","status":"captured","amount":1299,"currency":"EUR","reference":"0197...","last4":"4242",...}
    private static readonly JsonSerializerOptions Json = CreateJson();

    // The longest possible line is some 1,500 bytes, so a torn one ends within this.
    private const int LongestTornLine = 64 * 1024;

    private readonly FileStream _stream;
    private readonly string _path;
    private readonly ILogger _logger;

    private LedgerFile(FileStream stream, string path, ILogger logger) => (_stream, _path, _logger) = (stream, path, logger);

    public static LedgerFile Open(string directory, Action<LedgerEntry> replay, ILogger logger)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, "ledger.jsonl");

        // Not shared, so that a second acquirer on the same ledger fails here (on Linux, sharing for reading would let it in).
        // Unbuffered: a write is one system call.
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        var file = new LedgerFile(stream, path, logger);
        try
        {
            file.DropTornLine();
            file.Replay(replay);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Append(LedgerEntry entry)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(entry, Json), (byte)'\n'];
        var start = _stream.Position;
        try
        {
            _stream.Write(line);
        }
        catch (IOException exception)
        {
            // No line may follow half a line. The caller responds 503.
            LogAppendFailed(exception, _path);
            _stream.Position = start;
            _stream.SetLength(start);
            throw;
        }
    }

    public void Dispose() => _stream.Dispose();

    private void DropTornLine()
    {
        var tail = new byte[(int)Math.Min(_stream.Length, LongestTornLine)];
        _stream.Seek(-tail.Length, SeekOrigin.End);
        _stream.ReadExactly(tail);

        var torn = tail.Length - 1 - Array.LastIndexOf(tail, (byte)'\n');
        if (torn == LongestTornLine)
        {
            throw new InvalidDataException($"{_path} is not a ledger: it has no lines.");
        }

        if (torn > 0)
        {
            LogTornLineDropped(torn, _path);
            _stream.SetLength(_stream.Length - torn);
        }
    }

    private void Replay(Action<LedgerEntry> replay)
    {
        _stream.Position = 0;
        using var reader = new StreamReader(_stream, leaveOpen: true);
        var number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            replay(Parse(line, number));
        }

        _stream.Seek(0, SeekOrigin.End);
        LogReplayed(number, _path);
    }

    private LedgerEntry Parse(string line, int number)
    {
        try
        {
            var entry = JsonSerializer.Deserialize<LedgerEntry>(line, Json) ?? throw new JsonException("The line is null.");

            // Few distinct values in up to a million entries.
            return entry with
            {
                Currency = Interned(entry.Currency),
                Network = Interned(entry.Network),
                DeclineReason = Interned(entry.DeclineReason),
            };
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(
                $"{_path} is damaged in line {number}; no charge can be trusted until it is repaired.",
                exception
            );
        }
    }

    private static string? Interned(string? value) => value is null ? null : string.Intern(value);

    private static JsonSerializerOptions CreateJson()
    {
        var json = new JsonSerializerOptions(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
        AcquirerApp.ConfigureJson(json);
        return json;
    }

    [LoggerMessage(EventId = 5101, Level = LogLevel.Information, Message = "Replayed {Lines} decisions from {Path}.")]
    private partial void LogReplayed(int lines, string path);

    [LoggerMessage(
        EventId = 5102,
        Level = LogLevel.Warning,
        Message = "Dropped a torn last line of {Bytes} bytes from {Path}: its charge was never answered."
    )]
    private partial void LogTornLineDropped(int bytes, string path);

    [LoggerMessage(EventId = 5103, Level = LogLevel.Error, Message = "Cannot append to {Path}.")]
    private partial void LogAppendFailed(Exception exception, string path);
}
