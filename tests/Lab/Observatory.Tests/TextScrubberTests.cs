using Platform.Observatory.Scrubbing;

namespace Platform.Observatory.Tests;

public sealed class TextScrubberTests
{
    [Theory]
    [InlineData("paid with 4111 1111 1111 1111 today", "paid with [Filtered] today")]
    [InlineData("card-4111111111111111.", "card-[Filtered].")]
    [InlineData("4111-1111-1111-1111", "[Filtered]")]
    [InlineData("amex 3782 822463 10005", "amex [Filtered]")]
    [InlineData("mail kim.o'neil+x@mail.example.org!", "mail [Filtered]!")]
    [InlineData("GET /a?email=kim@example.org&b=1", "GET /a?email=[Filtered]&b=1")]
    [InlineData("Authorization: Bearer abcdef0123456789", "Authorization: Bearer [Filtered]")]
    [InlineData("authorization=opaque-123", "authorization=[Filtered]")]
    [InlineData("got eyJhbGciOiJI.eyJzdWIiOiIx.c2ln back", "got [Filtered] back")]
    [InlineData("password=hunter2&a=1", "password=[Filtered]&a=1")]
    [InlineData("""{"dbPassword":"hunter 2","a":1}""", """{"dbPassword":"[Filtered]","a":1}""")]
    [InlineData("""{\"apiKey\":\"k-1\"}""", """{\"apiKey\":\"[Filtered]\"}""")]
    [InlineData("UPDATE users SET password = 'hunter2' WHERE id = 1", "UPDATE users SET password = '[Filtered]' WHERE id = 1")]
    [InlineData("SET password = crypt('hunter2', gen_salt('bf'))", "SET password = [Filtered], gen_salt('bf'))")]
    [InlineData("Cookie: sid=8f3c; theme=dark", "Cookie: [Filtered]")]
    [InlineData("set-cookie: opaque", "set-cookie: [Filtered]")]
    [InlineData("postgres://shop:hunter2@postgres:5432/orders", "postgres://shop:[Filtered]@postgres:5432/orders")]
    [InlineData("https://host/x?access_token=abc&page=2", "https://host/x?access_token=[Filtered]&page=2")]
    public void Scrub_SecretInText_IsTakenOut(string text, string expected) => Assert.Equal(expected, TextScrubber.Scrub(text));

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
    public void Scrub_NothingSecret_IsTheSameInstance(string text) => Assert.Same(text, TextScrubber.Scrub(text));

    [Fact]
    public void Scrub_CardAtEveryPlace_IsFound()
    {
        for (var before = 0; before < 60; before++)
        {
            var text = new string('.', before) + " 4222222222222 " + new string('x', before % 7);

            Assert.DoesNotContain("4222222222222", TextScrubber.Scrub(text), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("password", NameKind.Secret)]
    [InlineData("http.request.header.set-cookie", NameKind.Secret)]
    [InlineData("http.request.header.x-api-key", NameKind.Secret)]
    [InlineData("payment.card.number", NameKind.Secret)]
    [InlineData("card.cvv", NameKind.Secret)]
    [InlineData("csrf_token", NameKind.Token)]
    [InlineData("parent.span_id", NameKind.TraceContext)]
    [InlineData("gen_ai.usage.input_tokens", NameKind.Plain)]
    [InlineData("url.full", NameKind.Plain)]
    [InlineData("messaging.message.id", NameKind.Plain)]
    [InlineData("user.id", NameKind.Plain)]
    public void Name_OfAnAttribute_SaysWhatItsValueIs(string name, object kind) => Assert.Equal(kind, Names.KindOf(name));
}
