using System.Globalization;

namespace Sentry.Sending;

/// <summary>What the server asked not to be sent, and until when. Never throws, whatever the header holds.</summary>
internal sealed class RateLimits(TimeProvider time)
{
    private const string All = "";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();

    // Bounded: categories that this client does not send are ignored.
    private readonly Dictionary<string, DateTimeOffset> _until = [];

    public bool IsLimited(string category)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            return IsOpen(All) || IsOpen(category);
        }

        bool IsOpen(string key) => _until.TryGetValue(key, out var until) && until > now;
    }

    public void LimitAll(TimeSpan duration) => Limit(All, duration);

    /// <summary>Reads <c>60:error;transaction:key:reason, 2700::organization</c>; false when nothing in it could be read.</summary>
    public bool TryUpdate(string header)
    {
        var understood = false;
        foreach (var limit in header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = limit.Split(':');
            const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;
            if (!double.TryParse(fields[0], Plain, CultureInfo.InvariantCulture, out var seconds) || !double.IsFinite(seconds))
            {
                continue;
            }

            understood = true;
            var duration = TimeSpan.FromSeconds(Math.Min(Math.Ceiling(seconds), Longest.TotalSeconds));
            var categories = fields.Length > 1 ? fields[1].Trim() : All;
            if (categories.Length == 0)
            {
                Limit(All, duration);
                continue;
            }

            foreach (var category in categories.Split(';', StringSplitOptions.TrimEntries))
            {
                if (category is EnvelopeItem.ErrorCategory or EnvelopeItem.MonitorCategory)
                {
                    Limit(category, duration);
                }
            }
        }

        return understood;
    }

    private void Limit(string category, TimeSpan duration)
    {
        var until = time.GetUtcNow() + duration;
        lock (_lock)
        {
            _until[category] = _until.TryGetValue(category, out var earlier) && earlier > until ? earlier : until;
        }
    }
}
