using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Platform.Observatory.Text;

/// <summary>Where a redirect may lead: to a page of this process, whatever the address says.</summary>
internal static class LocalAddress
{
    private const string Overview = "/";

    /// <summary>The address escaped for a header, or the overview's when it is not local.</summary>
    public static string Or(string? address) => IsLocal(address) ? string.Concat(address.EnumerateRunes().Select(Escape)) : Overview;

    private static string Escape(Rune rune) =>
        rune is { IsAscii: true, Value: not ' ' } ? rune.ToString() : Uri.EscapeDataString(rune.ToString());

    // "//host" and "/\host" lead away although they begin like a path, as does "/\t/host" of which browsers take out what is between.
    private static bool IsLocal([NotNullWhen(true)] string? address) =>
        address is ['/', ..] and not ['/', '/' or '\\', ..] && !address.Any(char.IsControl);
}
