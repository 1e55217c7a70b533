using System.Security.Cryptography;
using Platform.Contracts;

namespace Platform.Shop.Tests;

public sealed class SealedCardTests
{
    private static readonly Card Card = new("5555341244441115", "11/31", "737");
    private static readonly (string Public, string Private) Keys = CreateKeys();

    [Fact]
    public void Open_WithTheRightKeyAndOrder_IsTheCard()
    {
        var order = Guid.NewGuid();

        var card = SealedCard.Open(SealedCard.Seal(Card, order, Keys.Public).Value, order, Keys.Private);

        Assert.Equal(Card, card);
    }

    [Fact]
    public void Open_ForAnotherOrder_Throws()
    {
        var sealedCard = SealedCard.Seal(Card, Guid.NewGuid(), Keys.Public);

        Assert.Throws<CryptographicException>(() => SealedCard.Open(sealedCard.Value, Guid.NewGuid(), Keys.Private));
    }

    [Fact]
    public void Open_WithAnotherKey_Throws()
    {
        var order = Guid.NewGuid();
        var sealedCard = SealedCard.Seal(Card, order, Keys.Public);

        Assert.ThrowsAny<CryptographicException>(() => SealedCard.Open(sealedCard.Value, order, CreateKeys().Private));
    }

    [Fact]
    public void Seal_OfACard_LeavesOnlyLastFourAndNetworkReadable()
    {
        var sealedCard = SealedCard.Seal(Card, Guid.NewGuid(), Keys.Public);

        Assert.Equal(("1115", "mastercard"), (sealedCard.Last4, sealedCard.Network));
        Assert.DoesNotContain("5555341244441115", sealedCard.ToString(), StringComparison.Ordinal);
        Assert.Equal("***", Card.ToString());
    }

    private static (string Public, string Private) CreateKeys()
    {
        using var rsa = RSA.Create(2048);
        return (Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()), Convert.ToBase64String(rsa.ExportPkcs8PrivateKey()));
    }
}
