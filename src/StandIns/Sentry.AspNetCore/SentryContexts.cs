using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Sentry.Protocol;

namespace Sentry;

/// <summary>Structured facts about an event, by name: trace, runtime, os and the user's own.</summary>
public sealed class SentryContexts : IDictionary<string, object>
{
    // Bounded by the names that code adds; a request's scope and its contexts end with the request.
    private readonly ConcurrentDictionary<string, object> _items = new(concurrencyLevel: 1, capacity: 4);

    public Trace Trace => (Trace)_items.GetOrAdd("trace", static _ => new Trace());

    public object this[string key]
    {
        get => _items[key];
        set => _items[key] = value;
    }

    public int Count => _items.Count;

    public bool IsReadOnly => false;

    public ICollection<string> Keys => _items.Keys;

    public ICollection<object> Values => _items.Values;

    public void Add(string key, object value) => ((IDictionary<string, object>)_items).Add(key, value);

    public void Add(KeyValuePair<string, object> item) => Add(item.Key, item.Value);

    public void Clear() => _items.Clear();

    public bool Contains(KeyValuePair<string, object> item) => _items.Contains(item);

    public bool ContainsKey(string key) => _items.ContainsKey(key);

    public void CopyTo(KeyValuePair<string, object>[] array, int arrayIndex) =>
        ((ICollection<KeyValuePair<string, object>>)_items).CopyTo(array, arrayIndex);

    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => _items.GetEnumerator();

    public bool Remove(string key) => _items.TryRemove(key, out _);

    public bool Remove(KeyValuePair<string, object> item) => _items.TryRemove(item);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object value) => _items.TryGetValue(key, out value);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void CopyMissingTo(SentryContexts other)
    {
        foreach (var (key, value) in _items)
        {
            other._items.TryAdd(key, value is Trace trace ? trace.Clone() : value);
        }
    }
}
