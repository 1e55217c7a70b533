using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Platform.Infrastructure.Jobs;
using Platform.Messaging;
using Platform.Payments;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>Payments from due to decided, with a real database and an acquirer that answers over HTTP.</summary>
public sealed class ChargeDuePaymentsTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly TimeSpan PayWithin = TimeSpan.FromSeconds(90);

    private Database _database = null!;

    public async ValueTask InitializeAsync() =>
        _database = await server.CreateDatabaseAsync(typeof(Outbox).Assembly, typeof(Payment).Assembly);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Payment_Captured_IsToldOnceInEverySignal()
    {
        await using var acquirer = await FakeCompany.StartAsync((context, _) => CapturedAsync(context));
        await using var service = await PaymentsService.StartAsync(_database, acquirer.Address);

        await AddAsync();

        await WaitForAsync("captured");
        await Eventually.TrueAsync(() => service.Lines.Count("payment.decided") == 1, "the outcome is logged");
        Assert.Equal(1, service.Measurements.Sum("platform.payments.decided", "captured"));
        Assert.Equal(1, await _database.QueryAsync<long>("SELECT count(*) FROM outbox"));
        Assert.Single(acquirer.Requests);
    }

    /// <summary>Nobody may hear of an outcome that another instance writes.</summary>
    [Theory]
    [InlineData(false, """{"id":"ch_1","status":"captured"}""")]
    [InlineData(false, """{"status":"voided"}""")]
    [InlineData(true, """{"status":"voided"}""")]
    public async Task Payment_WhoseLeaseIsLost_IsNotSaidToBeDecided(bool refund, string answer)
    {
        await using var acquirer = await FakeCompany.StartAsync(
            async (context, _) =>
            {
                await _database.ExecuteAsync("UPDATE payments SET lease_id = gen_random_uuid(), lease_until = now() + interval '1 hour'");
                await context.Response.WriteAsync(answer, context.RequestAborted);
            }
        );
        await AddAsync(refund: refund);

        await using var service = await PaymentsService.StartAsync(_database, acquirer.Address);

        await Eventually.TrueAsync(
            () => service.Lines.All.Any(line => line.Message.StartsWith("The lease", StringComparison.Ordinal)),
            "the lost lease is noticed"
        );
        Assert.DoesNotContain(service.Lines.All, line => line.Level == LogLevel.Error || line.Event == "payment.decided");
        Assert.Equal(0, service.Measurements.Sum("platform.payments.decided", "captured"));
    }

    [Fact]
    public async Task Payment_WhoseTimeRunsOutWhileItIsAskedFor_IsVoidedAndNotCharged()
    {
        // Less than the time limit of a call, which goes by the same clock.
        var asking = AcquirerClient.Timeout * 0.8;
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var acquirer = await FakeCompany.StartAsync(
            (context, request) =>
            {
                time.Advance(asking);
                return request.Method == "GET"
                    ? StatusAsync(context, 404)
                    : context.Response.WriteAsync("""{"status":"voided"}""", context.RequestAborted);
            }
        );
        await using var service = await PaymentsService.StartAsync(_database, acquirer.Address, time, callLimit: AcquirerClient.Timeout);

        var id = await PaymentsService.AddDueAsync(_database.Source, asking, maybeCharged: true);

        await WaitForAsync("declined");
        Assert.Equal(
            [$"GET /v1/charges/{id}", $"POST /v1/charges/{id}/void"],
            acquirer.Requests.Select(request => $"{request.Method} {request.Path}")
        );
        Assert.Equal("expired", await _database.QueryAsync<string>("SELECT reason FROM payments"));
    }

    /// <summary>Whoever stood still after asking would void what another instance has charged and settled meanwhile.</summary>
    [Fact]
    public async Task Payment_SettledByAnotherInstanceAfterItWasAskedFor_IsNotVoided()
    {
        await using var acquirer = await FakeCompany.StartAsync(
            async (context, _) =>
            {
                await _database.ExecuteAsync("UPDATE payments SET status = 'captured', lease_id = gen_random_uuid(), decided_at = now()");
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        );
        await PaymentsService.AddDueAsync(_database.Source, TimeSpan.FromSeconds(-1), maybeCharged: true);

        await using var service = await PaymentsService.StartAsync(_database, acquirer.Address);

        await Eventually.TrueAsync(
            () => service.Lines.All.Any(line => line.Message.StartsWith("The lease", StringComparison.Ordinal)),
            "the lost lease is noticed"
        );
        Assert.Equal(["GET"], acquirer.Requests.Select(request => request.Method));
        Assert.Equal("captured", await _database.QueryAsync<string>("SELECT status FROM payments"));
    }

    /// <summary>The clocks of instances differ; the database's is the one that the claim went by.</summary>
    [Theory]
    [InlineData(10, 90, "captured")]
    [InlineData(-10, -1, "declined")]
    public async Task Payment_AtAnInstanceWhoseClockIsWrong_GoesByTheDatabases(int yearsOff, int secondsToPay, string expected)
    {
        await using var acquirer = await FakeCompany.StartAsync((context, _) => CapturedAsync(context));
        await using var service = await PaymentsService.StartAsync(
            _database,
            acquirer.Address,
            new FakeTimeProvider(DateTimeOffset.UtcNow.AddYears(yearsOff))
        );

        await PaymentsService.AddDueAsync(_database.Source, TimeSpan.FromSeconds(secondsToPay));

        await WaitForAsync(expected);
    }

    [Fact]
    public async Task Payment_WithAnUnreadableCardThatMayBeCharged_IsVoidedBeforeItIsDeclined()
    {
        await using var acquirer = await FakeCompany.StartAsync(
            (context, request) =>
                request.Method == "GET"
                    ? StatusAsync(context, 404)
                    : context.Response.WriteAsync("""{"status":"voided"}""", context.RequestAborted)
        );
        await using var service = await PaymentsService.StartAsync(_database, acquirer.Address);

        await PaymentsService.AddDueAsync(_database.Source, PayWithin, maybeCharged: true, readable: false);

        await WaitForAsync("declined");
        Assert.Equal(2, acquirer.Requests.Count);
        Assert.Equal("card_unreadable", await _database.QueryAsync<string>("SELECT reason FROM payments"));
        await Eventually.TrueAsync(() => service.Lines.All.Count(line => line.Level == LogLevel.Error) == 1, "one error");
    }

    [Fact]
    public async Task Payment_ThatNobodyCanAskAbout_WaitsAndIsOneError()
    {
        await using var acquirer = await FakeCompany.StartAsync((context, _) => StatusAsync(context, 401));
        await using var service = await PaymentsService.StartAsync(
            _database,
            acquirer.Address,
            configure: options => options.OverdueAfter = TimeSpan.FromSeconds(1)
        );

        await PaymentsService.AddDueAsync(_database.Source, TimeSpan.FromMilliseconds(-900), maybeCharged: true);

        await Eventually.TrueAsync(() => service.Lines.Count("payment.overdue") > 0, "the error");
        var asked = acquirer.Requests.Count;
        await Eventually.TrueAsync(() => acquirer.Requests.Count > asked + 5, "it is asked for again");
        Assert.Equal("due", await _database.QueryAsync<string>("SELECT status FROM payments"));
        Assert.Equal(
            (1, 1),
            (service.Lines.All.Count(line => line.Level == LogLevel.Error), service.Measurements.Sum("platform.payments.overdue"))
        );
        Assert.All(acquirer.Requests, request => Assert.Equal("GET", request.Method));
    }

    [Fact]
    public async Task Payment_ThatAlwaysFails_WaitsLongerEachTimeAndIsParked()
    {
        await using var acquirer = await FakeCompany.StartAsync((context, _) => CapturedAsync(context));
        await _database.ExecuteAsync(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nobody foresaw this'; END $$;
            CREATE TRIGGER refuse BEFORE UPDATE OF status ON payments FOR EACH ROW EXECUTE FUNCTION refuse();
            """
        );
        await _database.NoteFailuresAsync("payments");
        await using var service = await PaymentsService.StartAsync(_database, acquirer.Address);
        await AddAsync();

        await Eventually.TrueAsync(() => service.Lines.Count("work.failed") > 0, "the failure is counted");
        Assert.True(
            await _database.QueryAsync<bool>(
                "SELECT wait = interval '1 second' AND NOT leased AND NOT parked FROM noted_failures WHERE failures = 1"
            )
        );
        Assert.DoesNotContain(service.Lines.All, line => line.Level == LogLevel.Error);

        await _database.ExecuteAsync($"UPDATE payments SET failures = {DueWork<Payment>.MaxFailures - 1}, next_attempt_at = now()");
        await Eventually.TrueAsync(() => service.Lines.Count("work.parked") == 1, "it is parked");
        Assert.Equal(1, service.Measurements.Sum("platform.work.parked", "payments"));
        await _database.ExecuteAsync("DROP TRIGGER refuse ON payments; UPDATE payments SET next_attempt_at = now()");
        Assert.True(await _database.QueryAsync<bool>("SELECT parked_at IS NOT NULL FROM payments"));

        var parked = Assert.Single(await service.Parked.Table.ParkedAsync(10, TestContext.Current.CancellationToken));
        Assert.Equal(await _database.QueryAsync<Guid>("SELECT id FROM payments"), parked.Id);
        Assert.Equal(await _database.QueryAsync<string>("SELECT traceparent FROM payments"), parked.Traceparent);
        Assert.Equal(1, await service.Parked.Table.UnparkAsync(TestContext.Current.CancellationToken));
        await WaitForAsync("captured");
        Assert.Equal(1, service.Lines.All.Count(line => line.Level == LogLevel.Error));

        // What may have been charged is asked for first, and never sent a second time.
        Assert.Equal("POST", acquirer.Requests.First().Method);
        Assert.All(acquirer.Requests.Skip(1), request => Assert.Equal("GET", request.Method));
        Assert.True(acquirer.Requests.Count > 1);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(7, 60)]
    [InlineData(int.MaxValue, 60)]
    public void BackoffAfter_Failures_DoublesUpToItsLimit(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), DueWork<Payment>.BackoffAfter(failures));

    [Fact]
    public async Task Stop_WithAChargeInFlight_LetsItEndAndClaimsNothingMore()
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var acquirer = await FakeCompany.StartAsync(
            async (context, _) =>
            {
                await answer.Task.WaitAsync(context.RequestAborted);
                await CapturedAsync(context);
            }
        );
        await using var service = await PaymentsService.StartAsync(_database, acquirer.Address);
        var id = await AddAsync();
        await Eventually.TrueAsync(() => acquirer.Requests.Count == 1, "the charge is in flight");

        var stopping = service.StopAsync();
        await service.ClaimedAsync().WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
        await AddAsync();
        Assert.False(stopping.IsCompleted);
        answer.SetResult();
        await stopping.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);

        Assert.Equal("captured", await _database.QueryAsync<string>($"SELECT status FROM payments WHERE id = '{id}'"));
        Assert.Equal(0, await _database.QueryAsync<long>($"SELECT coalesce(sum(attempts), 0) FROM payments WHERE id <> '{id}'"));
        Assert.Single(acquirer.Requests);
    }

    [Fact]
    public async Task Stop_LongerThanTheHostWaits_CutsTheChargeOffAndTheNextInstanceAsksForIt()
    {
        var stopped = false;
        await using var acquirer = await FakeCompany.StartAsync(
            (context, _) => stopped ? CapturedAsync(context) : Task.Delay(Timeout.Infinite, context.RequestAborted)
        );
        var limit = TimeSpan.FromSeconds(2);
        await using (var service = await PaymentsService.StartAsync(_database, acquirer.Address, shutdownLimit: limit))
        {
            await AddAsync();
            await Eventually.TrueAsync(() => acquirer.Requests.Count == 1, "the charge is in flight");
            var started = Stopwatch.GetTimestamp();

            // The call's own limit is longer than this wait.
            await service.StopAsync().WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);

            Assert.True(Stopwatch.GetElapsedTime(started) > limit / 2, "It was given time.");
            Assert.DoesNotContain(service.Lines.All, line => line.Level >= LogLevel.Warning);
        }

        stopped = true;
        await _database.ExecuteAsync("UPDATE payments SET lease_until = now()");
        await using var next = await PaymentsService.StartAsync(_database, acquirer.Address);
        await WaitForAsync("captured");
        Assert.Equal(["POST", "GET"], acquirer.Requests.Select(request => request.Method));
    }

    [Fact]
    public async Task Database_ThatAcceptsAndHangs_EndsCommandsInTimeAndTheWorkGoesOn()
    {
        var direct = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        await using var proxy = new StallingProxy(direct.Port);
        var limited = new NpgsqlConnectionStringBuilder(_database.ConnectionString)
        {
            Port = proxy.Port,
            Timeout = 3,
            CommandTimeout = 5,
        };
        await using var slow = new Database(limited.ConnectionString, []);
        await slow.ApplyAsync();
        await using var acquirer = await FakeCompany.StartAsync((context, _) => CapturedAsync(context));
        await using var service = await PaymentsService.StartAsync(slow, acquirer.Address);
        await AddAsync();
        await WaitForAsync("captured");

        proxy.Stall();
        await AddAsync();
        var failure = await Record.ExceptionAsync(() =>
            service
                .Store.ClaimAsync(1, TestContext.Current.CancellationToken)
                .WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken)
        );
        Assert.IsType<NpgsqlException>(failure);
        await Eventually.TrueAsync(
            () => service.Lines.All.Any(line => line.Message.StartsWith("The database is away", StringComparison.Ordinal)),
            "the loop has noticed"
        );

        proxy.GoOn();
        await Eventually.GetAsync(
            () => _database.QueryAsync<long>("SELECT count(*) FROM payments WHERE status = 'captured'"),
            captured => captured == 2,
            "both are captured"
        );
        Assert.Equal(1, service.Lines.All.Count(line => line.Message.StartsWith("The database is away", StringComparison.Ordinal)));
        Assert.DoesNotContain(service.Lines.All, line => line.Level == LogLevel.Error);
    }

    private static Task CapturedAsync(HttpContext context) =>
        context.Response.WriteAsync("""{"id":"ch_1","status":"captured"}""", context.RequestAborted);

    private static Task StatusAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private async Task<Guid> AddAsync(bool refund = false)
    {
        var id = await PaymentsService.AddDueAsync(_database.Source, PayWithin);
        if (refund)
        {
            await _database.ExecuteAsync("UPDATE payments SET status = 'refund_due'");
        }

        return id;
    }

    private Task<string> WaitForAsync(string status) =>
        Eventually.GetAsync(
            () => _database.QueryAsync<string>("SELECT status FROM payments ORDER BY created_at LIMIT 1"),
            seen => seen == status,
            $"the payment is {status}"
        );
}
