using Microsoft.Extensions.Time.Testing;
using Platform.Contracts;
using Platform.Infrastructure.Switches;
using Platform.Messaging;
using Platform.Payments;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>The payments table over a real database: who may work on a payment, and what is written when.</summary>
public sealed class PaymentStoreTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly TimeSpan PayWithin = TimeSpan.FromSeconds(90);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private Database _database = null!;
    private PaymentStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await server.CreateDatabaseAsync(typeof(Outbox).Assembly, typeof(Payment).Assembly);
        _store = new PaymentStore(_database.Source, new Outbox(ShopTopology.Instance, Switches.Off), new OutboxSignal(), _time);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Claim_OfADuePayment_IsOneInstancesUntilItsLeaseEnds()
    {
        var id = await AddAsync();

        var first = Assert.Single(await _store.ClaimAsync(10, Cancellation));
        Assert.Empty(await _store.ClaimAsync(10, Cancellation));
        await EndLeasesAsync();
        var second = Assert.Single(await _store.ClaimAsync(10, Cancellation));

        Assert.Equal((id, false, 1), (first.Id, first.MaybeCharged, first.Attempts));
        Assert.Equal((id, true, 2), (second.Id, second.MaybeCharged, second.Attempts));
        Assert.NotEqual(first.LeaseId, second.LeaseId);
    }

    [Fact]
    public async Task Now_OfAClaim_IsTheDatabasesClockAndWhatPassedSince()
    {
        await AddAsync();
        _time.SetUtcNow(DateTimeOffset.UtcNow.AddYears(10));
        var payment = Assert.Single(await _store.ClaimAsync(10, Cancellation));
        var claimed = payment.Now(_time);

        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.InRange(claimed, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(claimed.AddSeconds(30), payment.Now(_time));
    }

    [Fact]
    public async Task Settle_AfterTheLeaseWasLost_WritesNothing()
    {
        await AddAsync();
        var lost = Assert.Single(await _store.ClaimAsync(10, Cancellation));
        await EndLeasesAsync();
        var held = Assert.Single(await _store.ClaimAsync(10, Cancellation));

        Assert.False(await _store.SettleAsync(lost, PaymentSteps.Declined, "expired", Cancellation));
        Assert.Equal(("due", 0), (await StatusAsync(), await OutboxAsync()));

        Assert.True(await _store.SettleAsync(held, PaymentSteps.Captured, null, Cancellation));
        Assert.False(await _store.SettleAsync(held, PaymentSteps.Captured, null, Cancellation));
        Assert.Equal(("captured", 1), (await StatusAsync(), await OutboxAsync()));
    }

    [Fact]
    public async Task Postpone_AfterTheLeaseWasLost_WritesNothing()
    {
        await AddAsync();
        var lost = Assert.Single(await _store.ClaimAsync(10, Cancellation));
        await EndLeasesAsync();
        await _store.ClaimAsync(10, Cancellation);

        await _store.PostponeAsync(lost, TimeSpan.Zero, maybeCharged: false, TimeSpan.FromMinutes(5), Cancellation);

        Assert.Empty(await _store.ClaimAsync(10, Cancellation));
        Assert.True(await _database.QueryAsync<bool>("SELECT maybe_charged FROM payments"));
    }

    [Fact]
    public async Task Postpone_BeyondTheTimeToPay_IsUntilItsEnd()
    {
        await AddAsync();
        var payment = Assert.Single(await _store.ClaimAsync(10, Cancellation));

        await _store.PostponeAsync(payment, TimeSpan.FromHours(1), maybeCharged: false, TimeSpan.FromMinutes(5), Cancellation);

        Assert.True(
            await _database.QueryAsync<bool>("SELECT next_attempt_at = pay_by AND NOT maybe_charged AND lease_until IS NULL FROM payments")
        );
    }

    [Fact]
    public async Task Postpone_LongAfterTheTimeToPay_SaysSoOnce()
    {
        await AddAsync(-TimeSpan.FromMinutes(6));

        var overdue = new List<bool>();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var payment = Assert.Single(await _store.ClaimAsync(10, Cancellation));
            overdue.Add(await _store.PostponeAsync(payment, TimeSpan.Zero, maybeCharged: true, TimeSpan.FromMinutes(5), Cancellation));
        }

        Assert.Equal([true, false, false], overdue);
    }

    [Fact]
    public async Task Webhook_DuringAnAttempt_HasThePaymentAskedForAtOnce()
    {
        var id = await AddAsync();
        var payment = Assert.Single(await _store.ClaimAsync(10, Cancellation));

        await ReceiveAsync("evt_1", id);
        await _store.PostponeAsync(payment, TimeSpan.FromMinutes(1), maybeCharged: false, TimeSpan.FromMinutes(5), Cancellation);

        Assert.True(Assert.Single(await _store.ClaimAsync(10, Cancellation)).MaybeCharged);
    }

    [Fact]
    public async Task Webhook_OfADeclinedPayment_GivesTheMoneyBackAndKeepsTheReason()
    {
        var id = await AddAsync();
        await _store.SettleAsync(Assert.Single(await _store.ClaimAsync(10, Cancellation)), PaymentSteps.Declined, "expired", Cancellation);

        Assert.True(await ReceiveAsync("evt_1", id));
        Assert.False(await ReceiveAsync("evt_1", id));
        Assert.True(await _database.QueryAsync<bool>("SELECT decided_at IS NULL FROM payments"));
        var refund = Assert.Single(await _store.ClaimAsync(10, Cancellation));
        Assert.Equal(PaymentSteps.RefundDue, refund.Status);
        Assert.True(await _store.SettleAsync(refund, PaymentSteps.Refunded, null, Cancellation));

        Assert.Equal(("refunded", "expired"), (await StatusAsync(), await _database.QueryAsync<string>("SELECT reason FROM payments")));
        Assert.Equal(1, await OutboxAsync());
    }

    [Fact]
    public async Task Webhook_OfASettledPayment_ChangesNothing()
    {
        var id = await AddAsync();
        await _store.SettleAsync(Assert.Single(await _store.ClaimAsync(10, Cancellation)), PaymentSteps.Captured, null, Cancellation);

        Assert.False(await ReceiveAsync("evt_1", id));

        Assert.Equal("captured", await StatusAsync());
    }

    /// <summary>Our books against the acquirer's, each capture once; a payment that nobody here knows is money taken for nothing.</summary>
    [Fact]
    public async Task Webhook_OfACapture_IsConfirmedOnceByWhatOurBooksSay()
    {
        var known = await AddAsync();
        using var signal = new PaymentSignal();
        Task<string?> ConfirmAsync(string eventId, Guid key) => SignedWebhook.ReceiveAsync(_database.Source, signal, _time, eventId, key);

        Assert.Equal("agrees", await ConfirmAsync("evt_1", known));
        Assert.Null(await ConfirmAsync("evt_1", known));
        Assert.Equal("unknown", await ConfirmAsync("evt_2", Guid.NewGuid()));

        var declined = await AddAsync();
        var claimed = (await _store.ClaimAsync(10, Cancellation)).Single(payment => payment.Id == declined);
        await _store.SettleAsync(claimed, PaymentSteps.Declined, "expired", Cancellation);
        Assert.Equal("declined", await ConfirmAsync("evt_3", declined));
    }

    [Fact]
    public async Task Fail_UntilParked_WaitsAndIsNotClaimedUntilItIsSentAgain()
    {
        await AddAsync();
        var payment = Assert.Single(await _store.ClaimAsync(10, Cancellation));
        Assert.True(await _store.Due.FailAsync(payment, TimeSpan.FromHours(1), park: false, Cancellation));
        Assert.False(await _store.Due.FailAsync(payment with { LeaseId = Guid.NewGuid() }, TimeSpan.Zero, park: true, Cancellation));
        Assert.Empty(await _store.ClaimAsync(10, Cancellation));
        await _database.ExecuteAsync("UPDATE payments SET next_attempt_at = now()");

        payment = Assert.Single(await _store.ClaimAsync(10, Cancellation));
        Assert.Equal(1, payment.Failures);
        Assert.True(await _store.Due.FailAsync(payment, TimeSpan.Zero, park: true, Cancellation));
        Assert.Empty(await _store.ClaimAsync(10, Cancellation));

        Assert.Equal(1, await _store.Due.UnparkAsync(Cancellation));
        Assert.Equal(0, await _store.Due.UnparkAsync(Cancellation));
        var again = Assert.Single(await _store.ClaimAsync(10, Cancellation));
        Assert.Equal((0, true), (again.Failures, again.MaybeCharged));
    }

    private Task<Guid> AddAsync(TimeSpan? payWithin = null) => PaymentsService.AddDueAsync(_database.Source, payWithin ?? PayWithin);

    private Task<int> EndLeasesAsync() =>
        _database.ExecuteAsync("UPDATE payments SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL");

    private Task<string> StatusAsync() => _database.QueryAsync<string>("SELECT status FROM payments");

    private async Task<int> OutboxAsync() => (int)await _database.QueryAsync<long>("SELECT count(*) FROM outbox");

    /// <summary>True when the event concerned a payment.</summary>
    private async Task<bool> ReceiveAsync(string eventId, Guid key)
    {
        using var signal = new PaymentSignal();
        await SignedWebhook.ReceiveAsync(_database.Source, signal, _time, eventId, key);

        // A notice that was given is a wait that is over before it begins.
        return signal.WaitAsync(TimeSpan.FromSeconds(1), Cancellation).IsCompleted;
    }
}
