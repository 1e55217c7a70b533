namespace Sentry;

/// <summary>Passed beside an event through processors and before-send callbacks.</summary>
public class SentryHint
{
    public SentryHint()
    {
    }

    public SentryHint(string key, object? value) => Items[key] = value;

    public IDictionary<string, object?> Items { get; } = new Dictionary<string, object?>();
}
