using System.Security.Cryptography;
using System.Text;
using Platform.Payments;

namespace Platform.Shop.Tests;

public sealed class AcquirerWebhookTests
{
    private const string Secret = "a secret of more than sixteen characters";
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Body = """{"id":"evt_1"}"""u8.ToArray();

    [Theory]
    [InlineData(0, true)]
    [InlineData(-299, true)]
    [InlineData(299, true)]
    [InlineData(-301, false)]
    [InlineData(301, false)]
    public void IsSigned_OfASignatureThatOld_HoldsWithinTheWindow(int seconds, bool expected) =>
        Assert.Equal(expected, AcquirerWebhook.IsSigned(Sign(Now.AddSeconds(seconds), Body, Secret), Body, Secret, Now));

    [Fact]
    public void IsSigned_OfAnotherBody_IsFalse() =>
        Assert.False(AcquirerWebhook.IsSigned(Sign(Now, Body, Secret), """{"id":"evt_2"}"""u8.ToArray(), Secret, Now));

    [Fact]
    public void IsSigned_ByAnotherSecret_IsFalse() =>
        Assert.False(AcquirerWebhook.IsSigned(Sign(Now, Body, "another secret of that length"), Body, Secret, Now));

    [Theory]
    [InlineData("")]
    [InlineData("t=1767268800")]
    [InlineData("v1=00")]
    [InlineData("t=,v1=")]
    [InlineData("t=99999999999999999999,v1=00")]
    [InlineData("t=-1767268800,v1=00")]
    [InlineData(",,,===")]
    public void IsSigned_OfAMalformedHeader_IsFalse(string header) => Assert.False(AcquirerWebhook.IsSigned(header, Body, Secret, Now));

    private static string Sign(DateTimeOffset time, byte[] body, string secret)
    {
        var timestamp = time.ToUnixTimeSeconds();
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{timestamp}."), .. body];
        return $"t={timestamp},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }
}
