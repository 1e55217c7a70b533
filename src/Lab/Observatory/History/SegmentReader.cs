namespace Platform.Observatory.History;

/// <summary>
/// Reads the records of one segment in order. Damaged records are skipped and counted; an incomplete end, left by a killed process, is
/// reported as torn. Read-only.
/// </summary>
internal sealed class SegmentReader(string path)
{
    /// <summary>
    /// Records with a wrong checksum. A damaged header counts once and ends the segment, since nothing says where the next one begins.
    /// </summary>
    public int Damaged { get; private set; }

    /// <summary>Bytes after the last whole record.</summary>
    public long TornBytes { get; private set; }

    public IEnumerable<HistoryRecord> Read()
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 20);
        var header = new byte[RecordHeader.Bytes];
        var magic = file.ReadAtLeast(header.AsSpan(0, RecordHeader.Magic.Length), RecordHeader.Magic.Length, throwOnEndOfStream: false);

        if (magic < RecordHeader.Magic.Length)
        {
            TornBytes = magic;
            yield break;
        }

        if (!header.AsSpan(0, magic).SequenceEqual(RecordHeader.Magic))
        {
            Damaged++;
            yield break;
        }

        while (true)
        {
            var begin = file.Position;
            var read = file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);

            if (read < header.Length)
            {
                TornBytes = read;
                yield break;
            }

            if (RecordHeader.Read(header) is not { } known)
            {
                Damaged++;
                yield break;
            }

            if (known.Length > file.Length - file.Position)
            {
                TornBytes = file.Length - begin;
                yield break;
            }

            var body = new byte[known.Length];
            file.ReadExactly(body);

            if (RecordHeader.Checksum(body) == known.BodyChecksum)
            {
                yield return new HistoryRecord(known.Kind, known.Time, body);
            }
            else
            {
                Damaged++;
            }
        }
    }
}
