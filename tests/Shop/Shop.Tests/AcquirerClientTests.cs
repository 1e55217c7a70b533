using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Platform.Contracts;
using Platform.Payments;
using Platform.ServerProcesses;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>What an answer of the acquirer, or none, says about the money.</summary>
public sealed class AcquirerClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly Payment Payment = new(
        Guid.NewGuid(),
        Guid.NewGuid(),
        1299,
        "EUR",
        DateTime.UtcNow,
        "due",
        null,
        null,
        false,
        1,
        0,
        Guid.NewGuid(),
        DateTime.UtcNow,
        null,
        null,
        null
    );

    [Theory]
    [InlineData(201, """{"id":"ch_1","status":"captured"}""")]
    [InlineData(200, """{"id":"ch_1","status":"captured"}""")]
    public async Task Charge_Captured_IsCaptured(int status, string body) =>
        Assert.Equal(new ChargeResult.Captured("ch_1"), await ChargeAsync(status, body));

    [Theory]
    [InlineData(402, """{"status":"declined","declineReason":"do_not_honor"}""", "do_not_honor")]
    [InlineData(402, """{"status":"declined"}""", "declined")]
    [InlineData(200, """{"status":"declined","declineReason":"do_not_honor"}""", "do_not_honor")]
    public async Task Charge_Declined_HasTheReason(int status, string body, string reason) =>
        Assert.Equal(new ChargeResult.Declined(reason), await ChargeAsync(status, body));

    [Theory]
    [InlineData(409, "{}")]
    [InlineData(200, """{"status":"voided"}""")]
    public async Task Charge_OfAVoidedKey_IsVoided(int status, string body) =>
        Assert.Equal(new ChargeResult.Voided(), await ChargeAsync(status, body));

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(422)]
    [InlineData(429)]
    public async Task Charge_Refused_IsNotCharged(int status) =>
        Assert.Equal(new ChargeResult.NotCharged($"status_{status}"), await ChargeAsync(status, "{}"));

    /// <summary>Only asking for a charge can find that there is none.</summary>
    [Theory]
    [InlineData(302)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(408)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Charge_WithAnyOtherStatus_IsUnknown(int status) =>
        Assert.Equal(new ChargeResult.Unknown($"status_{status}"), await ChargeAsync(status, "{}"));

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"status":"pending"}""")]
    [InlineData("""{"status":1}""")]
    public async Task Charge_WithAnUnreadableAnswer_IsUnknown(string body) =>
        Assert.Equal(new ChargeResult.Unknown("unreadable_answer"), await ChargeAsync(201, body));

    [Fact]
    public async Task Charge_WithAnUnknownEncoding_IsUnknown()
    {
        var result = await CallAsync(
            ChargeAsync,
            context =>
            {
                context.Response.ContentType = "application/json; charset=nonsense";
                return context.Response.Body.WriteAsync("""{"status":"captured"}"""u8.ToArray(), context.RequestAborted).AsTask();
            }
        );

        Assert.Equal(new ChargeResult.Unknown("unreadable_answer"), result);
    }

    [Fact]
    public async Task Charge_WithoutAnswerInTime_IsUnknown() =>
        Assert.Equal(
            new ChargeResult.Unknown("timeout"),
            await CallAsync(ChargeAsync, context => Task.Delay(Timeout.Infinite, context.RequestAborted), TimeSpan.FromMilliseconds(300))
        );

    [Fact]
    public async Task Charge_WhoseAnswerStalls_IsUnknown() =>
        Assert.Equal(
            new ChargeResult.Unknown("timeout"),
            await CallAsync(ChargeAsync, FakeCompany.StallAsync, TimeSpan.FromMilliseconds(300))
        );

    [Fact]
    public async Task Charge_WhoseConnectionIsCut_IsUnknown()
    {
        var result = await CallAsync(
            ChargeAsync,
            context =>
            {
                context.Abort();
                return Task.CompletedTask;
            }
        );

        Assert.IsType<ChargeResult.Unknown>(result);
    }

    [Fact]
    public async Task Charge_WithAnAnswerThatIsTooLong_IsUnknown() =>
        Assert.Equal(
            new ChargeResult.Unknown(nameof(HttpRequestError.ConfigurationLimitExceeded)),
            await ChargeAsync(201, new string(' ', 2_000_000))
        );

    [Fact]
    public async Task Charge_WithoutConnectionInTime_IsNotCharged()
    {
        using var listener = FullListener.Start();
        using var service = FakeCompany.CreateService<AcquirerClient>(listener.Address, Patience);

        Assert.Equal(
            new ChargeResult.NotCharged("connection_failed"),
            await ChargeAsync(service.Services.GetRequiredService<AcquirerClient>())
        );
    }

    [Fact]
    public async Task Charge_WithARefusedConnection_IsNotChargedAndThenNotTried()
    {
        using var service = FakeCompany.CreateService<AcquirerClient>(new Uri($"http://127.0.0.1:{FreePort.Next()}"), Patience);
        var acquirer = service.Services.GetRequiredService<AcquirerClient>();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(new ChargeResult.NotCharged("connection_failed"), await ChargeAsync(acquirer));
        }

        // Open for two seconds at a time: a machine that stood still may find a call let through, after which it is open again.
        var further = new[] { await ChargeAsync(acquirer), await ChargeAsync(acquirer) };
        Assert.Contains(new ChargeResult.NotCharged("breaker_open"), further);
    }

    [Fact]
    public async Task Charge_OfAPayment_IsSentWithItsKeyOnce()
    {
        await using var company = await FakeCompany.StartAsync((context, _) => AnswerAsync(context, 500, ""));
        using var service = FakeCompany.CreateService<AcquirerClient>(company.Address, Patience);

        await ChargeAsync(service.Services.GetRequiredService<AcquirerClient>());

        var request = Assert.Single(company.Requests);
        Assert.Equal(("POST", "/v1/charges", Payment.Id.ToString()), (request.Method, request.Path, request.Key));
    }

    [Theory]
    [InlineData(404, "not_found")]
    [InlineData(401, "status_401")]
    public async Task Get_OfAKeyThatIsNotKnownOrNotTold_IsNotCharged(int status, string why) =>
        Assert.Equal(
            new ChargeResult.NotCharged(why),
            await CallAsync((acquirer) => acquirer.GetAsync(Payment.Id, Cancellation), context => AnswerAsync(context, status, "{}"))
        );

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    public async Task Void_WithAStatusThatSaysNothing_IsUnknown(int status) =>
        Assert.Equal(
            new ChargeResult.Unknown($"status_{status}"),
            await CallAsync(acquirer => acquirer.VoidAsync(Payment.Id, Cancellation), context => AnswerAsync(context, status, "{}"))
        );

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<ChargeResult> ChargeAsync(AcquirerClient acquirer) =>
        acquirer.ChargeAsync(Payment, new Card("4242424242424242", "12/40", "123"), Cancellation);

    private static Task<ChargeResult> ChargeAsync(int status, string body) =>
        CallAsync(ChargeAsync, context => AnswerAsync(context, status, body));

    private static async Task AnswerAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = status == 302 ? "/elsewhere" : default(string);
        await context.Response.WriteAsync(body, context.RequestAborted);
    }

    private static async Task<ChargeResult> CallAsync(
        Func<AcquirerClient, Task<ChargeResult>> call,
        Func<HttpContext, Task> answer,
        TimeSpan? timeout = null
    )
    {
        await using var company = await FakeCompany.StartAsync((context, _) => answer(context));
        using var service = FakeCompany.CreateService<AcquirerClient>(company.Address, timeout ?? Patience);
        return await call(service.Services.GetRequiredService<AcquirerClient>()).WaitAsync(Patience, Cancellation);
    }
}
