using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.History;

/// <summary>
/// Queue in front of one log on disk, so that receiving never waits for the disk. When it is full, records are dropped and counted.
/// </summary>
internal sealed partial class RecordQueue(string name, long maxBytes, IOptions<ObservatoryOptions> options, ILogger logger)
{
    // Bounded here by count and in Offer by bytes.
    private const int MaxQueued = 10_000;

    private readonly Channel<HistoryRecord> _queue = Channel.CreateBounded<HistoryRecord>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true }
    );
    private long _queuedBytes;
    private long _written;

    // Not flushed yet; accessed by the writer only.
    private long _appended;
    private long _dropped;
    private long _bytesOnDisk;
    private int _segments;
    private bool _diskFailed;

    /// <summary>Also the name of its folder in the data directory.</summary>
    public string Name => name;

    public long MaxBytes => maxBytes;

    public LogStats Stats =>
        new(
            Interlocked.Read(ref _written),
            Interlocked.Read(ref _dropped),
            Volatile.Read(ref _segments),
            Interlocked.Read(ref _bytesOnDisk),
            maxBytes
        );

    /// <summary>Copies the body, since the request owns it.</summary>
    public void Offer(RecordKind kind, DateTimeOffset time, ReadOnlySpan<byte> body)
    {
        if (
            Interlocked.Add(ref _queuedBytes, body.Length) > options.Value.HistoryQueuedBytes
            || !_queue.Writer.TryWrite(new HistoryRecord(kind, time, body.ToArray()))
        )
        {
            Interlocked.Add(ref _queuedBytes, -body.Length);
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Writes until Complete is called and the queue is empty.</summary>
    public async Task WriteAsync(SegmentWriter writer)
    {
        Measure(writer);

        while (await _queue.Reader.WaitToReadAsync())
        {
            while (_queue.Reader.TryRead(out var record))
            {
                Write(() => Append(record, writer), writer);
                Interlocked.Add(ref _queuedBytes, -record.Body.Length);
            }

            // One flush per drained queue: cheap under load, immediate when idle.
            Write(() => Flush(writer), writer);
            Measure(writer);
        }
    }

    public void Complete() => _queue.Writer.TryComplete();

    private void Measure(SegmentWriter writer)
    {
        Interlocked.Exchange(ref _bytesOnDisk, writer.BytesOnDisk);
        Volatile.Write(ref _segments, writer.Count);
    }

    private void Append(HistoryRecord record, SegmentWriter writer)
    {
        _appended++;

        if (!writer.TryAppend(record))
        {
            _appended--;
            Interlocked.Increment(ref _dropped);
        }
    }

    // Counts as written only once it survives a killed process.
    private void Flush(SegmentWriter writer)
    {
        writer.Flush();
        Interlocked.Add(ref _written, _appended);
        _appended = 0;
    }

    // A full or missing disk costs history but must not stop the intake.
    private void Write(Action write, SegmentWriter writer)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Some of them may have reached the disk anyway.
            Interlocked.Add(ref _dropped, _appended);
            _appended = 0;

            if (!_diskFailed)
            {
                _diskFailed = true;
                LogDiskFailed(exception, name);
            }

            CloseQuietly(writer);
        }
    }

    private void CloseQuietly(SegmentWriter writer)
    {
        try
        {
            writer.Close();
        }
        catch (IOException exception)
        {
            // The buffered rest could not be written either; the reader cuts the torn end.
            LogDiskFailed(exception, name);
        }
    }

    [LoggerMessage(
        EventId = 5002,
        Level = LogLevel.Error,
        Message = "The history of {Log} cannot be written; records are dropped and counted until the disk recovers"
    )]
    private partial void LogDiskFailed(Exception exception, string log);
}
