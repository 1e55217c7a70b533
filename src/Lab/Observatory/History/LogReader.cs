namespace Platform.Observatory.History;

/// <summary>All records of one log, oldest first. Cuts the torn end that a killed process left.</summary>
internal sealed class LogReader(string directory)
{
    public int Damaged { get; private set; }

    public long TornBytes { get; private set; }

    public IEnumerable<HistoryRecord> Read()
    {
        foreach (var file in Segments.In(directory))
        {
            var reader = new SegmentReader(file.FullName);

            foreach (var record in reader.Read())
            {
                yield return record;
            }

            Damaged += reader.Damaged;
            TornBytes += reader.TornBytes;
            CutTornEnd(file, reader.TornBytes);
        }
    }

    /// <summary>
    /// Both logs merged by time, since whether an error regressed in a newer release depends on the order. On equal times the first log
    /// wins.
    /// </summary>
    public static IEnumerable<HistoryRecord> Merge(IEnumerable<HistoryRecord> first, IEnumerable<HistoryRecord> second)
    {
        using var left = first.GetEnumerator();
        using var right = second.GetEnumerator();
        var (hasLeft, hasRight) = (left.MoveNext(), right.MoveNext());

        while (hasLeft || hasRight)
        {
            if (hasLeft && (!hasRight || left.Current.Time <= right.Current.Time))
            {
                yield return left.Current;
                hasLeft = left.MoveNext();
            }
            else
            {
                yield return right.Current;
                hasRight = right.MoveNext();
            }
        }
    }

    private static void CutTornEnd(FileInfo file, long bytes)
    {
        if (bytes > 0)
        {
            using var torn = file.Open(FileMode.Open, FileAccess.Write, FileShare.Read);
            torn.SetLength(torn.Length - bytes);
        }
    }
}
