using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Platform.Acquirer;

internal static class WebhookSignature
{
    public const string Header = "Acquirer-Signature";

    /// <summary>t=1767225600,v1=5257a869...: the HMAC covers "t.body", so that neither can be changed or replayed later alone.</summary>
    public static string Of(byte[] body, DateTimeOffset now, string secret)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes(timestamp), (byte)'.', .. body];
        return $"t={timestamp},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }
}
