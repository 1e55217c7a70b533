using System.Net;
using System.Net.Http.Json;
using Platform.Outside.Tests.Support;

namespace Platform.Outside.Tests;

public sealed class ChargeTests
{
    [Fact]
    public async Task Charge_NewKey_IsCapturedAndCanBeAskedForByKey()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        var key = Guid.NewGuid();

        using var created = await acquirer.ChargeAsync(key);
        using var found = await acquirer.Client.GetAsync($"/v1/charges/{key}", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var charge = await Company.JsonOf(created);
        Assert.Equal("captured", charge.GetProperty("status").GetString());
        Assert.StartsWith("ch_", charge.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(1299, charge.GetProperty("amount").GetInt64());
        Assert.Equal("4242", charge.GetProperty("card").GetProperty("last4").GetString());
        Assert.Equal(charge.ToString(), (await Company.JsonOf(found)).ToString());
    }

    [Fact]
    public async Task Charge_UnknownKey_IsNotFound()
    {
        await using var acquirer = await Company.StartAcquirerAsync();

        using var found = await acquirer.Client.GetAsync($"/v1/charges/{Guid.NewGuid()}", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, found.StatusCode);
    }

    [Fact]
    public async Task Charge_TwentyTwinsAtOnce_MakeOneLedgerEntry()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        var key = Guid.NewGuid();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => acquirer.ChargeAsync(key)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(19, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        var bodies = await Task.WhenAll(answers.Select(Company.JsonOf));
        Assert.Single(bodies.Select(body => body.ToString()).Distinct());
        Assert.Equal(1, (await acquirer.AdminGetAsync("/admin/ledger")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Charge_SameKeyOtherBody_IsRefused()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        var key = Guid.NewGuid();
        using var first = await acquirer.ChargeAsync(key);

        using var otherAmount = await acquirer.ChargeAsync(key, amount: 1300);
        using var otherCard = await acquirer.ChargeAsync(key, number: "5555555555554444");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, otherAmount.StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, otherCard.StatusCode);
    }

    [Theory]
    [InlineData("4000000000000002", "card_declined")]
    [InlineData("4000000000009995", "insufficient_funds")]
    public async Task Charge_CardTheBankRefuses_IsDeclinedAndStaysSo(string number, string reason)
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        var key = Guid.NewGuid();

        using var first = await acquirer.ChargeAsync(key, number);
        using var second = await acquirer.ChargeAsync(key, number);

        Assert.Equal(HttpStatusCode.PaymentRequired, first.StatusCode);
        Assert.Equal(HttpStatusCode.PaymentRequired, second.StatusCode);
        Assert.Equal(reason, (await Company.JsonOf(second)).GetProperty("declineReason").GetString());
    }

    [Fact]
    public async Task Charge_DecliningPreset_DeclinesEveryCard()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        await acquirer.UsePresetAsync("declining");

        using var answer = await acquirer.ChargeAsync(Guid.NewGuid());

        Assert.Equal(HttpStatusCode.PaymentRequired, answer.StatusCode);
        Assert.Equal("do_not_honor", (await Company.JsonOf(answer)).GetProperty("declineReason").GetString());
    }

    [Fact]
    public async Task Charge_BadInput_NamesEveryField()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/charges");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        request.Content = JsonContent.Create(
            new
            {
                amount = 0,
                currency = "eur",
                card = new
                {
                    number = "4242424242424241",
                    expiry = "13/30",
                    cvc = "1",
                },
            }
        );

        using var answer = await acquirer.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var fields = (await Company.JsonOf(answer)).GetProperty("errors").EnumerateObject().Select(error => error.Name).Order();
        Assert.Equal(["amount", "card.cvc", "card.expiry", "card.number", "currency", "reference"], fields);
    }

    [Fact]
    public async Task Charge_WrongApiKey_IsUnauthorized()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        acquirer.Client.DefaultRequestHeaders.Authorization = new("Bearer", "wrong");

        using var answer = await acquirer.ChargeAsync(Guid.NewGuid());

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Charge_FullLedger_RefusesNewKeysAndStillKnowsTheOldOnes()
    {
        await using var acquirer = await Company.StartAcquirerAsync("Acquirer:LedgerCapacity=1");
        var known = Guid.NewGuid();
        using var first = await acquirer.ChargeAsync(known);

        using var refused = await acquirer.ChargeAsync(Guid.NewGuid());
        using var repeated = await acquirer.ChargeAsync(known);
        var voided = await acquirer.VoidAsync(known);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(HttpStatusCode.OK, repeated.StatusCode);
        Assert.True(voided.GetProperty("hadCharge").GetBoolean());
    }
}
