using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Platform.Observatory.Otlp;

/// <summary>Cache for recurring byte sequences: a serialized attribute, or a name.</summary>
internal sealed class KnownBytes<T>
{
    /// <summary>Longer sequences are not cached.</summary>
    private const int MaxBytes = 256;

    // A platform has a few thousand recurring pairs of name and value; beyond Capacity the cache is cleared.
    private const int Capacity = 10_000;
    private const int SeenOnceSlots = 4_096;

    private readonly ConcurrentDictionary<byte[], T> _known = new(new Comparer());
    private readonly ConcurrentDictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    // Hashes of sequences seen once, so that ids, which are soon gone, do not evict what recurs. A lost write costs one more miss.
    private readonly int[] _seenOnce = new int[SeenOnceSlots];
    private int _count;

    public KnownBytes() => _lookup = _known.GetAlternateLookup<ReadOnlySpan<byte>>();

    public bool TryGet(ReadOnlySpan<byte> bytes, [MaybeNullWhen(false)] out T value) => _lookup.TryGetValue(bytes, out value);

    /// <summary>Cached when it is offered for the second time.</summary>
    public void Offer(ReadOnlySpan<byte> bytes, T value)
    {
        var hash = HashOf(bytes);
        ref var seen = ref _seenOnce[(uint)hash % SeenOnceSlots];

        if (seen != hash || bytes.Length > MaxBytes)
        {
            seen = hash;
            return;
        }

        // Counted apart from the dictionary, whose Count takes all of its locks.
        if (!_lookup.ContainsKey(bytes) && Interlocked.Increment(ref _count) > Capacity)
        {
            _known.Clear();
            Volatile.Write(ref _count, 1);
        }

        _lookup[bytes] = value;
    }

    // Seeded per process, so that senders cannot construct collisions.
    private static int HashOf(ReadOnlySpan<byte> bytes)
    {
        var hash = new HashCode();
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    private sealed class Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => HashOf(obj);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => HashOf(alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
