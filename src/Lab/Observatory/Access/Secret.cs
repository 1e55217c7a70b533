using System.Security.Cryptography;
using System.Text;

namespace Platform.Observatory.Access;

/// <summary>A secret that a caller has to know. Only its digest is kept, and compared in constant time.</summary>
internal sealed class Secret
{
    private readonly byte[] _digest;

    private Secret(string text) => _digest = Digest(text);

    /// <summary>For the cookie: proves that the secret is unchanged without revealing it.</summary>
    public string Fingerprint => Convert.ToHexStringLower(HMACSHA256.HashData(_digest, "observatory cookie"u8));

    /// <summary>Null when none is configured.</summary>
    public static Secret? Of(string? text) => string.IsNullOrEmpty(text) ? null : new Secret(text);

    // Digests have equal lengths, so the comparison does not reveal the secret's length either.
    public bool Matches(string? given) => given is not null && CryptographicOperations.FixedTimeEquals(_digest, Digest(given));

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
