namespace Platform.Observatory.History;

/// <summary>
/// Appends records to segment files; the oldest segment is deleted when the total would exceed the limit. Each run starts a new segment, so
/// that it never appends to a torn end. One writer per directory.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    // At least four segments, so that a deletion removes at most a quarter of the history.
    private const int MinSegments = 4;

    private readonly string _directory;
    private readonly long _maxBytes;
    private readonly Action<FileInfo> _beforeDeletion;
    private readonly long _segmentBytes;
    private readonly Queue<(string Path, long Bytes)> _closed = new();
    private long _next;
    private FileStream? _open;
    private long _closedBytes;

    public SegmentWriter(string directory, long maxBytes, long segmentBytes, Action<FileInfo> beforeDeletion)
    {
        _beforeDeletion = beforeDeletion;
        _directory = directory;
        _maxBytes = maxBytes;
        _segmentBytes = Math.Min(segmentBytes, maxBytes / MinSegments);

        foreach (var file in Segments.In(directory))
        {
            _closed.Enqueue((file.FullName, file.Length));
            _closedBytes += file.Length;
            _next = Segments.NumberOf(file)!.Value + 1;
        }
    }

    public long BytesOnDisk => _closedBytes + (_open?.Position ?? 0);

    public int Count => _closed.Count + (_open is null ? 0 : 1);

    /// <summary>False for a record that is larger than a segment may be.</summary>
    public bool TryAppend(HistoryRecord record)
    {
        var bytes = RecordHeader.Bytes + record.Body.Length;

        if (bytes + RecordHeader.Magic.Length > _maxBytes / 2)
        {
            return false;
        }

        if (_open is not null && _open.Position + bytes > _segmentBytes)
        {
            Close();
        }

        while (BytesOnDisk + RecordHeader.Magic.Length + bytes > _maxBytes && _closed.TryPeek(out var oldest))
        {
            _beforeDeletion(new FileInfo(oldest.Path));
            File.Delete(oldest.Path);
            _closedBytes -= oldest.Bytes;
            _closed.Dequeue();
        }

        _open ??= Open();
        Write(_open, record, begin: false);
        return true;
    }

    public static void Write(FileStream file, HistoryRecord record, bool begin)
    {
        Span<byte> header = stackalloc byte[RecordHeader.Bytes];
        RecordHeader.Of(record).Write(header);
        file.Write(begin ? RecordHeader.Magic : []);
        file.Write(header);
        file.Write(record.Body.Span);
    }

    /// <summary>Flushes to the operating system: survives a killed process, but not a power failure.</summary>
    public void Flush() => _open?.Flush();

    public void Dispose() => Close();

    /// <summary>Closes the open segment; the next record starts another.</summary>
    public void Close()
    {
        if (_open is { } open)
        {
            _open = null;
            _closed.Enqueue((open.Name, open.Position));
            _closedBytes += open.Position;
            open.Dispose();
        }
    }

    private FileStream Open()
    {
        var file = new FileStream(
            Segments.PathOf(_directory, _next++),
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.Read,
            bufferSize: 64 << 10
        );
        file.Write(RecordHeader.Magic);
        return file;
    }
}
