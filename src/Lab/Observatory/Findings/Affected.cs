using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Findings;

/// <summary>Who is affected, by the users and tenants that spans name. All pages count with this.</summary>
internal static class Affected
{
    // Spans parsed to learn who is affected, and as many to learn who is not: the newest of each.
    private const int MaxParsed = 500;

    private static readonly SpanSelection Failed = SpanSelection.Of("/traces?search=kind%3Dserver%20status%3Derror");

    /// <summary>"12 users in 3 of 8 tenants"; empty when the spans name nobody.</summary>
    /// <param name="affected">What went wrong, in order of arrival.</param>
    /// <param name="all">Of the same kind, that and the rest.</param>
    public static string Text(IReadOnlyCollection<StoredSpan> affected, IEnumerable<StoredSpan> all)
    {
        var (users, tenants) = Names(affected.TakeLast(MaxParsed));
        if (tenants.Count == 0 && users.Count == 0)
        {
            return "";
        }

        var known = affected.ToHashSet();
        var (_, others) = Names(all.Where(span => !known.Contains(span)).TakeLast(MaxParsed));
        others.UnionWith(tenants);
        var more = affected.Count > MaxParsed ? "at least " : "";
        var who = users.Count > 0 ? $"{more}{Format.Count(users.Count, "user", "users")}" : "";
        var where =
            tenants.Count == 0 ? ""
            : others.Count > tenants.Count ? $"{Format.Count(tenants.Count)} of {Format.Count(others.Count, "tenant", "tenants")}"
            : Format.Count(tenants.Count, "tenant", "tenants");
        return who.Length > 0 && where.Length > 0 ? $"{who} in {where}" : who + where;
    }

    /// <summary>
    /// Of the spans that an address of traces selects (resource and search), in a time. When it does not search: of failed requests if
    /// requests are affected, and otherwise nobody is known.
    /// </summary>
    public static string Text(string view, bool ofRequests, StoredSpan[] spans, DateTimeOffset from, DateTimeOffset to)
    {
        if (SpanSelection.Of(view) is not { IsEmpty: false } selection)
        {
            if (!ofRequests)
            {
                return "";
            }

            selection = Failed;
        }

        return Text([.. selection.In(spans, from, to)], selection.OfResource(spans, from, to));
    }

    private static (HashSet<string> Users, HashSet<string> Tenants) Names(IEnumerable<StoredSpan> spans)
    {
        HashSet<string> users = new(StringComparer.Ordinal),
            tenants = new(StringComparer.Ordinal);

        foreach (var span in spans.Where(span => span.IdBits != 0))
        {
            var attributes = span.Parse().Attributes;
            Add(users, ValueText.Find(attributes, "user.id"));
            Add(tenants, ValueText.Find(attributes, "tenant.id"));
        }

        return (users, tenants);
    }

    private static void Add(HashSet<string> names, string? name)
    {
        if (!string.IsNullOrEmpty(name))
        {
            names.Add(name);
        }
    }
}
