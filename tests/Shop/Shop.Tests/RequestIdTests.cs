using Platform.Gateway;

namespace Platform.Shop.Tests;

public sealed class RequestIdTests
{
    [Theory]
    [InlineData("abc")]
    [InlineData("A.b_c-9")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void RequestIdOf_AWellFormedId_KeepsIt(string given) => Assert.Equal(given, Edge.RequestIdOf(given));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("abc\n")]
    [InlineData("<script>")]
    [InlineData("ü")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234")]
    public void RequestIdOf_AnythingElse_MakesANewOne(string? given)
    {
        var id = Edge.RequestIdOf(given);

        Assert.NotEqual(given, id);
        Assert.Equal(id, Edge.RequestIdOf(id));
    }
}
