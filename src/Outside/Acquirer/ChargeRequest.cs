using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Platform.Acquirer;

/// <summary>The body of POST /v1/charges. A class without ToString, so that it cannot be printed.</summary>
internal sealed class ChargeRequest
{
    public const int MaxBytes = 16 * 1024;
    public const int MaxReferenceLength = 100;
    private const long MaxAmount = 99_999_999;

    public long Amount { get; init; }

    public string? Currency { get; init; }

    public Card? Card { get; init; }

    public string? Reference { get; init; }

    /// <summary>Validation errors by JSON field name; empty when valid.</summary>
    public Dictionary<string, string[]> Errors()
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        Require("amount", Amount is > 0 and <= MaxAmount, $"Must be 1 to {MaxAmount} minor units.");
        Require(
            "currency",
            Currency is { Length: 3 } && Currency.All(char.IsAsciiLetterUpper),
            "Must be three capital letters (ISO 4217)."
        );
        Require("reference", Reference is { Length: > 0 and <= MaxReferenceLength }, $"Must have 1 to {MaxReferenceLength} characters.");
        Require("card", Card is not null, "Is missing.");
        if (Card is not null)
        {
            Require("card.number", Card.HasValidNumber, "Is not a card number.");
            Require("card.expiry", Card.LastDay is not null, "Must be MM/YY.");
            Require("card.cvc", Card.Cvc is { Length: 3 or 4 } && Card.Cvc.All(char.IsAsciiDigit), "Must be three or four digits.");
        }

        return errors;

        void Require(string field, bool fulfilled, string message)
        {
            if (!fulfilled)
            {
                errors[field] = [message];
            }
        }
    }

    /// <summary>
    /// Detects a repeated key with another body. Keyed, because a bare hash of a card number can be brute-forced; without the CVC, which
    /// must never be stored.
    /// </summary>
    public ulong Fingerprint(string key)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{Amount}\n{Currency}\n{Card!.Number}\n{Card.Expiry}\n{Reference}");
        return BitConverter.ToUInt64(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text)));
    }
}
