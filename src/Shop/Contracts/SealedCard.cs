using System.Security.Cryptography;
using System.Text.Json;

namespace Platform.Contracts;

/// <summary>An unencrypted card. Formats as *** so that no log, span or exception shows it by accident.</summary>
public sealed record Card(string Number, string Expiry, string Cvc)
{
    public override string ToString() => "***";
}

/// <summary>
/// A card that only payments can decrypt (RSA-OAEP-SHA256). It is bound to one order. Only the last four digits and the network stay
/// readable.
/// </summary>
public sealed record SealedCard(string Value, string Last4, string Network)
{
    private static readonly RSAEncryptionPadding Padding = RSAEncryptionPadding.OaepSHA256;

    /// <param name="card">The card.</param>
    /// <param name="orderId">The only order it may pay for.</param>
    /// <param name="publicKey">SubjectPublicKeyInfo, base64.</param>
    public static SealedCard Seal(Card card, Guid orderId, string publicKey)
    {
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
        var content = JsonSerializer.SerializeToUtf8Bytes(new Content(orderId, card.Number, card.Expiry, card.Cvc));
        try
        {
            return new SealedCard(Convert.ToBase64String(rsa.Encrypt(content, Padding)), card.Number[^4..], NetworkOf(card.Number));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <param name="sealedValue"><see cref="Value"/> of a sealed card.</param>
    /// <param name="orderId">The order to decrypt it for.</param>
    /// <param name="privateKey">PKCS#8, base64.</param>
    /// <exception cref="CryptographicException">The value was sealed for another key or another order.</exception>
    public static Card Open(string sealedValue, Guid orderId, string privateKey)
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Convert.FromBase64String(privateKey), out _);
        var content = JsonSerializer.Deserialize<Content>(rsa.Decrypt(Convert.FromBase64String(sealedValue), Padding));
        return content is not null && content.OrderId == orderId
            ? new Card(content.Number, content.Expiry, content.Cvc)
            : throw new CryptographicException("The card was sealed for another order.");
    }

    private static string NetworkOf(string number) =>
        number[0] switch
        {
            '3' => "amex",
            '4' => "visa",
            '5' or '2' => "mastercard",
            _ => "other",
        };

    private sealed record Content(Guid OrderId, string Number, string Expiry, string Cvc)
    {
        public override string ToString() => "***";
    }
}
