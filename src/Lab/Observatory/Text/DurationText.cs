using System.Globalization;

namespace Platform.Observatory.Text;

/// <summary>A duration as people type it into a field: 250ms, 1.5s, 2min; a bare number is milliseconds.</summary>
internal static class DurationText
{
    private static readonly (string Unit, double Nanos)[] Units =
    [
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("min", 60e9),
        ("s", 1e9),
        ("m", 60e9),
        ("h", 3600e9),
        ("", 1e6),
    ];

    public static double? Nanos(string text)
    {
        var trimmed = text.Trim();
        var (unit, nanos) = Units.First(known => trimmed.EndsWith(known.Unit, StringComparison.Ordinal));
        return
            double.TryParse(
                trimmed.AsSpan(0, trimmed.Length - unit.Length).Trim(),
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out var count
            )
            && count < 1e12
            ? count * nanos
            : null;
    }
}
