namespace Platform.Observatory.Issues;

/// <summary>Event counts of an issue by tag and value.</summary>
internal sealed class TagCounts
{
    // Both bounded: values beyond the limit are counted as others, keys beyond it are ignored.
    private const int MaxKeys = 32;
    private const int MaxValues = 20;
    private readonly Dictionary<string, Dictionary<string, int>> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _others = new(StringComparer.Ordinal);

    public void Add(string key, string value)
    {
        if (!_counts.TryGetValue(key, out var values))
        {
            if (_counts.Count >= MaxKeys)
            {
                return;
            }

            _counts.Add(key, values = new Dictionary<string, int>(StringComparer.Ordinal));
        }

        if (values.TryGetValue(value, out var count) || values.Count < MaxValues)
        {
            values[value] = count + 1;
        }
        else
        {
            _others[key] = _others.GetValueOrDefault(key) + 1;
        }
    }

    public IReadOnlyList<TagShare> All() =>
        [
            .. _counts
                .OrderBy(tag => tag.Key, StringComparer.Ordinal)
                .Select(tag => new TagShare(
                    tag.Key,
                    [
                        .. tag
                            .Value.OrderByDescending(value => value.Value)
                            .ThenBy(value => value.Key, StringComparer.Ordinal)
                            .Select(value => new ValueCount(value.Key, value.Value)),
                    ],
                    _others.GetValueOrDefault(tag.Key)
                )),
        ];
}

/// <summary>Others: events whose value is beyond the bound.</summary>
internal sealed record TagShare(string Key, IReadOnlyList<ValueCount> Values, int Others);

internal sealed record ValueCount(string Value, int Count);
