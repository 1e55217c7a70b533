using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.WebUtilities;

namespace Platform.Observatory.Text;

/// <summary>URLs of views with changed state; all state is in the URL.</summary>
public static class Addresses
{
    /// <summary>Sets each name, or removes it when its value is null or empty.</summary>
    public static string With(string address, params ReadOnlySpan<(string Name, string? Value)> changes)
    {
        var at = address.IndexOf('?', StringComparison.Ordinal);
        var pairs = Pairs(address).ToList();

        foreach (var (name, value) in changes)
        {
            pairs.RemoveAll(pair => string.Equals(pair.Name, name, StringComparison.OrdinalIgnoreCase));

            if (!string.IsNullOrEmpty(value))
            {
                pairs.Add((name, value));
            }
        }

        return (at < 0 ? address : address[..at])
            + new QueryBuilder(pairs.Where(pair => pair.Value.Length > 0).Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));
    }

    public static IEnumerable<(string Name, string Value)> Pairs(string address)
    {
        var at = address.IndexOf('?', StringComparison.Ordinal);
        return at < 0
            ? []
            : QueryHelpers.ParseQuery(address[at..]).SelectMany(pair => pair.Value, (pair, value) => (pair.Key, value ?? ""));
    }

    public static string Traces(params ReadOnlySpan<(string Name, string? Value)> filters) => With("/traces", filters);

    public static string Logs(params ReadOnlySpan<(string Name, string? Value)> filters) => With("/logs", filters);
}
