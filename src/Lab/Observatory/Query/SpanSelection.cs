using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Query;

/// <summary>The spans that an address of traces selects by resource and search.</summary>
internal sealed class SpanSelection(string resource, Filter filter)
{
    /// <summary>It does not search.</summary>
    public bool IsEmpty => filter.IsEmpty;

    /// <summary>One that cannot be read does not search.</summary>
    public static SpanSelection Of(string address)
    {
        var pairs = Addresses.Pairs(address).ToLookup(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        return Filter.TryParse(pairs["search"].FirstOrDefault() ?? "", Signal.Traces, out var filter, out _)
            ? new SpanSelection(pairs["resource"].FirstOrDefault() ?? "", filter)
            : new SpanSelection("", Filter.None);
    }

    /// <summary>Those that match and began in the time, in order of arrival.</summary>
    public IEnumerable<StoredSpan> In(StoredSpan[] spans, DateTimeOffset from, DateTimeOffset to) =>
        OfResource(spans, from, to).Where(filter.Matches);

    /// <summary>Those of the resource, whether they match or not.</summary>
    public IEnumerable<StoredSpan> OfResource(StoredSpan[] spans, DateTimeOffset from, DateTimeOffset to)
    {
        var (start, end) = (UnixTime.NanosOf(from), UnixTime.NanosOf(to));
        return spans.Where(span => span.Start >= start && span.Start <= end && (resource.Length == 0 || span.Origin.Service == resource));
    }
}
