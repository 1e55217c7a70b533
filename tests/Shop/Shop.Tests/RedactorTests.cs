using Platform.Redaction;

namespace Platform.Shop.Tests;

public sealed class RedactorTests
{
    [Theory]
    [InlineData("paid with 4111 1111 1111 1111 today", "paid with *** today")]
    [InlineData("card-4111111111111111.", "card-***.")]
    [InlineData("4111-1111-1111-1111", "***")]
    [InlineData("amex 3782 822463 10005", "amex ***")]
    [InlineData("mail kim.o'neil+x@mail.example.org!", "mail ***!")]
    [InlineData("GET /a?email=kim@example.org&b=1", "GET /a?email=***&b=1")]
    [InlineData("Authorization: Bearer abcdef0123456789", "Authorization: Bearer ***")]
    [InlineData("authorization=opaque-123", "authorization=***")]
    [InlineData("got eyJhbGciOiJI.eyJzdWIiOiIx.c2ln back", "got *** back")]
    [InlineData("password=hunter2&a=1", "password=***&a=1")]
    [InlineData("""{"dbPassword":"hunter 2","a":1}""", """{"dbPassword":"***","a":1}""")]
    [InlineData("""{\"apiKey\":\"k-1\"}""", """{\"apiKey\":\"***\"}""")]
    [InlineData("UPDATE users SET password = 'hunter2' WHERE id = 1", "UPDATE users SET password = '***' WHERE id = 1")]
    [InlineData("SET password = crypt('hunter2', gen_salt('bf'))", "SET password = ***, gen_salt('bf'))")]
    [InlineData("Cookie: sid=8f3c; theme=dark", "Cookie: ***")]
    [InlineData("set-cookie: opaque", "set-cookie: ***")]
    [InlineData("postgres://shop:hunter2@postgres:5432/orders", "postgres://shop:***@postgres:5432/orders")]
    [InlineData("https://host/x?access_token=abc&page=2", "https://host/x?access_token=***&page=2")]
    [InlineData("charged 4242424242424242 today", "charged *** today")]
    [InlineData("from ann@example.org to bob.b+x@mail.example.co.uk", "from *** to ***")]
    [InlineData("sent bearer CfDJ8abcdef", "sent bearer ***")]
    [InlineData("Host=db;Password=s3cret;Database=x", "Host=db;Password=***;Database=x")]
    [InlineData("""{"token":"abc","id":1}""", """{"token":"***","id":1}""")]
    public void Redact_SecretInText_IsTakenOut(string text, string expected) => Assert.Equal(expected, Redactor.Redact(text));

    [Theory]
    [InlineData("1795000000000000000")]
    [InlineData("order 4111111111111112")]
    [InlineData("5b8efff798038103d269b633813fc60c")]
    [InlineData("00-5b8efff798038103d269b633813fc60c-4111111111111111-01")]
    [InlineData("41111111-1111-4111-8111-111111111111")]
    [InlineData("45320151-1283-4036-8123-123456789012")]
    [InlineData("ratio 0.4532015112830366")]
    [InlineData("SELECT id, password FROM users WHERE password = $1 AND token = @p0 AND secret = ? AND pwd = @pwd")]
    [InlineData("SELECT password = $1::text")]
    [InlineData(
        "INSERT INTO users (password) VALUES ($1) ON CONFLICT (id) DO UPDATE SET password = excluded.password, token = crypt($2, 'x')"
    )]
    [InlineData("SELECT 1 FROM users u JOIN logins l ON u.password = l.password AND token = ANY(@p1)")]
    [InlineData("Refreshed token {Token} for {User}")]
    [InlineData("token={Token}")]
    [InlineData("password=***")]
    [InlineData("https://shop.example.org:8443/orders/17?page=2&sort=name#top")]
    [InlineData("rabbit@node-1 shop@1.4.0 lodash@4.17.21")]
    [InlineData("user u-1 bought 3 items")]
    [InlineData("gen_ai.usage.input_tokens: 120")]
    [InlineData("Order 01a1fc4f-6315-7aee-b11d-cee00fa899e0 placed: 2500 USD, 2 items")]
    [InlineData("took 1544712660300000001 ns")]
    public void Redact_NothingSecret_IsTheSameInstance(string text) => Assert.Same(text, Redactor.Redact(text));

    /// <summary>Services redact what they send, and Observatory redacts it again.</summary>
    [Theory]
    [InlineData("Authorization: Bearer ***")]
    [InlineData("Cookie: ***")]
    [InlineData("postgres://shop:***@postgres:5432/orders")]
    [InlineData("Host=db;Password=***;Database=x")]
    [InlineData("""{"token":"***","id":1}""")]
    public void Redact_OfWhatWasRedacted_IsTheSame(string text) => Assert.Equal(text, Redactor.Redact(text));

    [Theory]
    [InlineData("amount", 4242424242424242L, Redactor.Mask)]
    [InlineData("amount", 4242L, 4242L)]
    [InlineData("password", 1234, Redactor.Mask)]
    [InlineData("has_password", true, true)]
    [InlineData("max_token", 100, 100)]
    [InlineData("session_token", "abc", Redactor.Mask)]
    [InlineData("parent.span_id", "4242424242424242", "4242424242424242")]
    [InlineData("note", "card 4242424242424242", "card ***")]
    public void Redact_ANamedValue_GoesByNameAndContent(string name, object value, object expected) =>
        Assert.Equal(expected, Redactor.Redact(name, value));

    [Fact]
    public void Redact_CardAtEveryPlace_IsFound()
    {
        for (var before = 0; before < 60; before++)
        {
            var text = new string('.', before) + " 4222222222222 " + new string('x', before % 7);

            Assert.DoesNotContain("4222222222222", Redactor.Redact(text), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("password", NameKind.Secret)]
    [InlineData("http.request.header.set-cookie", NameKind.Secret)]
    [InlineData("http.request.header.x-api-key", NameKind.Secret)]
    [InlineData("payment.card.number", NameKind.Secret)]
    [InlineData("card.cvv", NameKind.Secret)]
    [InlineData("CardNumber", NameKind.Secret)]
    [InlineData("UserEmail", NameKind.Secret)]
    [InlineData("OrderId", NameKind.Plain)]
    [InlineData("duration_ms", NameKind.Plain)]
    [InlineData("csrf_token", NameKind.Token)]
    [InlineData("parent.span_id", NameKind.TraceContext)]
    [InlineData("gen_ai.usage.input_tokens", NameKind.Plain)]
    [InlineData("url.full", NameKind.Plain)]
    [InlineData("messaging.message.id", NameKind.Plain)]
    [InlineData("user.id", NameKind.Plain)]
    public void Name_OfAnAttribute_SaysWhatItsValueIs(string name, object kind) => Assert.Equal(kind, SecretNames.KindOf(name));
}
