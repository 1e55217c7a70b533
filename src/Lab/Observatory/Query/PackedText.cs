using System.Buffers;
using System.Text;
using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

/// <summary>
/// Rules out most records whose serialized bytes do not contain a text, so that they need not be parsed. No false negatives: numbers and
/// booleans are serialized differently than they are shown, so a text that could be part of one is searched for in every record.
/// </summary>
internal sealed class PackedText
{
    // All characters of numbers and booleans, in either case: digits, sign, point, exponent, true, false, NaN, Infinity.
    private static readonly SearchValues<char> OfValues = SearchValues.Create("0123456789+-.eE" + "truefalsniy" + "TRUEFALSNIY");

    private readonly byte[]? _lower;
    private readonly byte[]? _upper;

    public PackedText(string text)
    {
        // Non-ASCII letters have more than one form.
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
