using System.Security.Cryptography;
using System.Text;

namespace Platform.OutsideCompany;

internal static class SecretKey
{
    private const string BearerPrefix = "Bearer ";

    public static bool IsBearer(string? header, string key) =>
        header is not null
        && header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)
        && Matches(header[BearerPrefix.Length..].Trim(), key);

    // Hashed first, so that timing reveals neither content nor length of the key.
    public static bool Matches(string? given, string key) =>
        given is not null
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(key))
        );
}
