using System.Globalization;

namespace Platform.Acquirer;

internal sealed class Card
{
    private const string NumberOfDeclined = "4000000000000002";
    private const string NumberWithoutFunds = "4000000000009995";

    public string? Number { get; init; }

    public string? Expiry { get; init; }

    public string? Cvc { get; init; }

    public bool HasValidNumber => Number is { Length: >= 12 and <= 19 } && Number.All(char.IsAsciiDigit) && LuhnSum(Number) % 10 == 0;

    public string Last4 => Number![^4..];

    public string Network =>
        Number switch
        {
            ['4', ..] => "visa",
            ['5', >= '1' and <= '5', ..] or ['2', >= '2' and <= '7', ..] => "mastercard",
            ['3', '4' or '7', ..] => "amex",
            _ => "other",
        };

    /// <summary>A card is good until the end of its month, "12/30"; null when that is not what it says.</summary>
    public DateOnly? LastDay =>
        DateOnly.TryParseExact(Expiry, "MM/yy", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
            ? first.AddMonths(1).AddDays(-1)
            : null;

    /// <summary>Why the issuing bank declines; null when it approves.</summary>
    public string? DeclineReason(DateTimeOffset now) =>
        Number switch
        {
            NumberOfDeclined => "card_declined",
            NumberWithoutFunds => "insufficient_funds",
            _ when DateOnly.FromDateTime(now.UtcDateTime) > LastDay => "expired_card",
            _ => null,
        };

    private static int LuhnSum(string digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : (digit * 2 / 10) + (digit * 2 % 10);
        }

        return sum;
    }
}
