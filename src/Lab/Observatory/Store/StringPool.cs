using System.Collections.Concurrent;

namespace Platform.Observatory.Store;

/// <summary>Shares equal names: a million spans have a few hundred.</summary>
internal sealed class StringPool
{
    // Bounded: a name beyond Capacity is not shared.
    private const int Capacity = 10_000;
    private readonly ConcurrentDictionary<string, string> _strings = new(StringComparer.Ordinal);
    private int _count;

    public string Get(string text)
    {
        if (_strings.TryGetValue(text, out var known))
        {
            return known;
        }

        // Counted apart from the dictionary, whose Count takes all of its locks.
        if (Volatile.Read(ref _count) >= Capacity || !_strings.TryAdd(text, text))
        {
            return text;
        }

        Interlocked.Increment(ref _count);
        return text;
    }
}
