using Platform.ServiceDefaults.Logging;

namespace Platform.Shop.Tests;

public sealed class ScrubberTests
{
    [Theory]
    [InlineData("charged 4242424242424242 today", "charged *** today")]
    [InlineData("charged 4242 4242 4242 4242", "charged ***")]
    [InlineData("charged 4242-4242-4242-4242", "charged ***")]
    [InlineData("from ann@example.org to bob.b+x@mail.example.co.uk", "from *** to ***")]
    [InlineData("Authorization: Bearer CfDJ8abcdef", "Authorization: *** ***")]
    [InlineData("sent bearer CfDJ8abcdef", "sent Bearer ***")]
    [InlineData("Host=db;Password=s3cret;Database=x", "Host=db;Password=***;Database=x")]
    [InlineData("""{"token":"abc","id":1}""", """{"token":"***","id":1}""")]
    [InlineData("Cookie: session=1", "Cookie: ***")]
    public void Scrub_OfASecret_HidesIt(string text, string expected) => Assert.Equal(expected, Scrubber.Scrub(text));

    [Theory]
    [InlineData("Order 01a1fc4f-6315-7aee-b11d-cee00fa899e0 placed: 2500 USD, 2 items")]
    [InlineData("4242424242424241 fails its check digit")]
    [InlineData("took 1544712660300000001 ns")]
    [InlineData("http://localhost:8080/api/orders?limit=5")]
    [InlineData("trace 4bf92f3577b34da6a3ce929d0e0e4736")]
    public void Scrub_OfAnythingElse_LeavesItAsItIs(string text) => Assert.Equal(text, Scrubber.Scrub(text));

    [Theory]
    [InlineData("password", true)]
    [InlineData("CardNumber", true)]
    [InlineData("card_number", true)]
    [InlineData("Authorization", true)]
    [InlineData("UserEmail", true)]
    [InlineData("OrderId", false)]
    [InlineData("duration_ms", false)]
    public void IsSecretName_OfAField_GoesByItsName(string name, bool expected) => Assert.Equal(expected, Scrubber.IsSecretName(name));
}
