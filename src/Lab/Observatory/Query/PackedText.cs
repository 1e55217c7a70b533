using System.Buffers;
using System.Text;
using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

/// <summary>
/// Says of most records that a text is not in their packed bytes, so that they need not be unpacked. It never says so wrongly: numbers
/// and truth values are packed otherwise than they are shown, so a text that could be a part of one of them is looked for in every record.
/// </summary>
internal sealed class PackedText
{
    // All that a number or a truth value is written with, in either case: digits, sign, point, exponent, true, false, NaN, Infinity.
    private static readonly SearchValues<char> OfValues = SearchValues.Create("0123456789+-.eE" + "truefalsniy" + "TRUEFALSNIY");

    private readonly byte[]? _lower;
    private readonly byte[]? _upper;

    public PackedText(string text)
    {
        // Other letters than those of ASCII have more than one form.
        if (Ascii.IsValid(text) && text.AsSpan().ContainsAnyExcept(OfValues))
        {
            _lower = Encoding.ASCII.GetBytes(text.ToLowerInvariant());
            _upper = Encoding.ASCII.GetBytes(text.ToUpperInvariant());
        }
    }

    public bool MayBeIn(TelemetryRecord record)
    {
        if (_lower is null || _upper is null)
        {
            return true;
        }

        for (var rest = record.Payload.AsSpan(); rest.Length >= _lower.Length; rest = rest[1..])
        {
            var at = rest[..^(_lower.Length - 1)].IndexOfAny(_lower[0], _upper[0]);

            if (at < 0)
            {
                return false;
            }

            rest = rest[at..];

            if (Ascii.EqualsIgnoreCase(rest[.._lower.Length], _lower))
            {
                return true;
            }
        }

        return false;
    }
}
