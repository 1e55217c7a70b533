using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>
/// A failure is an event, made once and where it happened; events that are alike are an issue, which has a life of its own.
/// </summary>
public sealed class ErrorTests(PlatformFixture platform) : PlatformTest(platform)
{
    [Fact]
    public async Task Failure_OfADependency_IsOneEventWhereItHappenedAndLeadsToTraceAndLogs()
    {
        var shopper = await Platform.Shop.SignInAsync("harbor", "harbor-u09", Cancellation);
        var started = DateTimeOffset.UtcNow;
        var (traceId, requestId) = await FailAsync(shopper);

        var report = await Platform.Telemetry.WaitForEventAsync(traceId, Cancellation);
        var spans = await Platform.Telemetry.WaitForTraceAsync(
            traceId,
            spans => spans.Any(span => span.SpanId == report.Text("spanId")),
            "the span of the event arrives",
            Cancellation
        );
        var failed = spans.Single(span => span.SpanId == report.Text("spanId"));
        Assert.Equal(
            ("orders", failed.Release, "Development", "harbor-u09", "harbor", requestId),
            (
                report.Text("service"),
                report.Text("release"),
                report.Text("environment"),
                report.Text("user"),
                report.Text("tenant"),
                report.Text("requestId")
            )
        );
        Assert.Equal("orders", failed.Service);

        // Every way on is in the answer.
        var links = report.GetProperty("links");
        using var trace = await Platform.Telemetry.Http.GetAsync(links.Text("trace"), Cancellation);
        Assert.Equal(HttpStatusCode.OK, trace.StatusCode);
        await Eventually.GetAsync(
            () => Platform.Telemetry.Http.GetStringAsync(links.Text("logs"), Cancellation),
            logs => logs.Contains(requestId, StringComparison.Ordinal),
            "the log records of the trace arrive"
        );

        // Not one more by the gateway, whose own failures are told in another test.
        Assert.Single(await Platform.Telemetry.EventsSinceAsync(started, Cancellation), item => item.Text("traceId") == traceId);
    }

    [Fact]
    public async Task Refusals_AndDeclinedCards_MakeNoEvent()
    {
        var shopper = await Platform.Shop.SignInAsync("harbor", "harbor-u10", Cancellation);
        var started = DateTimeOffset.UtcNow;

        using var invalid = await shopper.SendOrderAsync([new("no-such-thing", 1)], CardInput.Valid, Guid.NewGuid(), Cancellation);
        using var unknown = await Platform.Shop.Http.GetAsync("/api/nothing", Cancellation);
        using var tooLarge = shopper.Request(HttpMethod.Post, "/api/orders", new { note = new string('x', 1_500_000) });
        tooLarge.Headers.ExpectContinue = true;
        using var refused = await Platform.Shop.Http.SendAsync(tooLarge, Cancellation);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
        var declined = await shopper.PlaceAsync(Cancellation, card: CardInput.Declined);
        await shopper.WaitForAsync(declined.Id, "declined", Cancellation);
        await GoAwayDuringAsync(shopper);

        // A failure of our own making behind them: when its event is there, theirs would be too.
        var (marker, _) = await FailAsync(shopper);
        await Platform.Telemetry.WaitForEventAsync(marker, Cancellation);
        var others = new[]
        {
            invalid.Headers.GetValues("X-Trace-Id").Single(),
            unknown.Headers.GetValues("X-Trace-Id").Single(),
            refused.Headers.GetValues("X-Trace-Id").Single(),
            declined.TraceId,
            CallerGone,
        };
        Assert.DoesNotContain(
            await Platform.Telemetry.EventsSinceAsync(started, Cancellation),
            item => others.Contains(item.Text("traceId"))
        );
    }

    /// <summary>Each in a way of its own, and none reports what another has.</summary>
    [Fact]
    public async Task Failure_InEachService_IsOneEventOfThatService()
    {
        var started = DateTimeOffset.UtcNow;
        var books = await Books.OpenAsync(Platform, Cancellation);
        var shopper = await Platform.Shop.SignInAsync("fjord", "fjord-u08", Cancellation);
        var traces = new Dictionary<string, string> { ["orders"] = (await FailAsync(shopper)).TraceId };

        await Platform.StopAsync("orders", Cancellation);
        try
        {
            using var unreachable = await shopper.SendAsync(HttpMethod.Get, "/api/products", Cancellation);
            Assert.True((int)unreachable.StatusCode >= 500);
            traces["gateway"] = unreachable.Headers.GetValues("X-Trace-Id").Single();
        }
        finally
        {
            await Platform.StartAsync("orders", Cancellation);
        }

        foreach (var (service, database, table) in new[] { ("payments", "paymentsdb", "payments"), ("worker", "workerdb", "fulfilments") })
        {
            PlacedOrder order;
            await using (await Refusing.RowsAsync(Platform, database, table, "'the row is refused'", Cancellation))
            {
                order = await shopper.PlaceAsync(Cancellation);
                traces[service] = order.TraceId;

                // After the last delivery the broker gives up; until then it was a retry.
                await Platform.Telemetry.WaitForEventAsync(traces[service], Cancellation, TimeSpan.FromSeconds(60));
            }

            await Eventually.TrueAsync(
                async () =>
                    (await DeadLetterBox.ListAsync(Platform, service, Cancellation)).Any(letter =>
                        letter.Text("traceparent")?.Contains(order.TraceId, StringComparison.Ordinal) == true
                    ),
                $"the message is a dead letter of {service}"
            );
            await Platform.CommandAsync(service, "send-dead-letters-again", Cancellation);
            await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        }

        await Platform.Telemetry.WaitForEventAsync(traces["gateway"], Cancellation);
        var events = await Platform.Telemetry.EventsSinceAsync(started, Cancellation);
        Assert.All(
            traces,
            trace =>
                Assert.Equal([trace.Key], events.Where(item => item.Text("traceId") == trace.Value).Select(item => item.Text("service")))
        );
        await books.MustBalanceAsync(Cancellation);
    }

    /// <summary>A caller may decide that its trace is not kept; what fails is reported all the same.</summary>
    [Fact]
    public async Task Failure_OfATraceThatIsNotKept_IsAnEvent()
    {
        const string traceId = "6bf92f3577b34da6a3ce929d0e0e4736";
        string[] services = ["gateway", "orders"];
        try
        {
            await Platform.ReconfigureAsync(services, "OTEL_TRACES_SAMPLER", "parentbased_always_on", Cancellation);
            var shopper = await Platform.Shop.SignInAsync("fjord", "fjord-u09", Cancellation);

            await FailAsync(shopper, ("traceparent", $"00-{traceId}-00f067aa0ba902b7-00"));

            await Platform.Telemetry.WaitForEventAsync(traceId, Cancellation);
        }
        finally
        {
            // Stopping also sends what spans there were.
            await Platform.ReconfigureAsync(services, "OTEL_TRACES_SAMPLER", null, Cancellation);
        }

        Assert.Empty(await Platform.Telemetry.TraceAsync(traceId, Cancellation));
    }

    [Fact]
    public async Task Issue_OfTwoHundredFailures_IsOneAndComesBackAsRegressedAndSurvivesARestart()
    {
        const int Failures = 200;
        var shoppers = await Task.WhenAll(
            Enumerable.Range(1, 8).Select(number => Platform.Shop.SignInAsync("ember", $"ember-u{number:00}", Cancellation))
        );

        // Each text has an id of its own. At the stock, where hardly another test fails: what fails in the same code is the same issue,
        // such as an order that was there when its database was taken away.
        int others;
        await using (
            await Refusing.RowsAsync(
                Platform,
                "ordersdb",
                "products",
                "'reservation ' || gen_random_uuid() || ' of ' || NEW.sku || ' is too good to be true'",
                Cancellation,
                when: "NEW.stock < OLD.stock",
                change: "UPDATE"
            )
        )
        {
            await MustFailAsync(shoppers[0]);
            others = (await WaitForIssueAsync(_ => true)).GetProperty("count").GetInt32() - 1;
            foreach (var round in Enumerable.Range(1, Failures - 1).Chunk(shoppers.Length))
            {
                await Task.WhenAll(round.Select((_, index) => MustFailAsync(shoppers[index])));
            }

            var issue = await WaitForIssueAsync(issue => issue.GetProperty("count").GetInt32() == others + Failures);
            Assert.InRange(issue.GetProperty("users").GetInt32(), 8, 8 + others);
            Assert.InRange(issue.GetProperty("tenants").GetInt32(), 1, 1 + others);
            Assert.NotEqual("resolved", issue.Text("status"));

            using var resolved = await Platform.Telemetry.Http.PostAsJsonAsync(
                $"{issue.GetProperty("links").Text("self")}/status",
                new { status = "resolved" },
                Cancellation
            );
            Assert.Equal(HttpStatusCode.OK, resolved.StatusCode);
            await Platform.DeployAsync("orders", Cancellation);
            await MustFailAsync(shoppers[0]);
            await WaitForIssueAsync(issue => issue.Text("status") == "regressed");
        }

        await Platform.StopAsync("observatory", Cancellation);
        await Platform.StartAsync("observatory", Cancellation);

        var after = await WaitForIssueAsync(_ => true);
        Assert.Equal((others + Failures + 1, "regressed"), (after.GetProperty("count").GetInt32(), after.Text("status")));
        Assert.True(after.GetProperty("releases").GetArrayLength() >= 2, "It was seen before and after the deploy.");

        async Task MustFailAsync(Shopper shopper)
        {
            using var response = await shopper.OrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation);
            Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        }

        Task<JsonElement> WaitForIssueAsync(Func<JsonElement, bool> condition) => WaitForOneAsync("too good to be true", condition);
    }

    private const string CallerGone = "7bf92f3577b34da6a3ce929d0e0e4736";

    private async Task<JsonElement> WaitForOneAsync(string text, Func<JsonElement, bool> condition) =>
        (
            await Eventually.GetAsync(
                async () =>
                    (IReadOnlyList<JsonElement>)
                        [
                            .. (await Platform.Telemetry.IssuesAsync(Cancellation)).Where(issue =>
                                issue.Text("value")?.Contains(text, StringComparison.Ordinal) == true
                            ),
                        ],
                issues => issues.Count == 1 && condition(issues[0]),
                $"there is one issue about '{text}'"
            )
        ).Single();

    /// <summary>A request that meets a database which takes no connections.</summary>
    private async Task<(string TraceId, string RequestId)> FailAsync(Shopper shopper, params (string Name, string Value)[] headers)
    {
        await DatabaseSwitch.SetAsync(Platform, "ordersdb", false, Cancellation);
        try
        {
            using var response = await shopper.SendOrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation, headers);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            return (response.Headers.GetValues("X-Trace-Id").Single(), response.Headers.GetValues("X-Request-Id").Single());
        }
        finally
        {
            await DatabaseSwitch.SetAsync(Platform, "ordersdb", true, Cancellation);
        }
    }

    /// <summary>A caller that does not wait for the answer: the table is locked until it has gone.</summary>
    private async Task GoAwayDuringAsync(Shopper shopper)
    {
        await using var database = Npgsql.NpgsqlDataSource.Create(await Platform.DatabaseAsync("ordersdb", Cancellation));
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using (var block = new Npgsql.NpgsqlCommand("LOCK TABLE orders", connection, transaction))
        {
            await block.ExecuteNonQueryAsync(Cancellation);
        }

        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var call = shopper.SendOrderAsync(
            Shopper.OneMug,
            CardInput.Valid,
            Guid.NewGuid(),
            gone.Token,
            ("traceparent", $"00-{CallerGone}-00f067aa0ba902b7-01")
        );
        await using var waiting = database.CreateCommand(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO orders%'
            """
        );
        await Eventually.TrueAsync(
            async () => (long)(await waiting.ExecuteScalarAsync(Cancellation))! > 0,
            "the request waits for the table"
        );
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Platform.Telemetry.WaitForTraceAsync(
            CallerGone,
            spans => spans.Any(span => span is { Service: "orders", Kind: "server" }),
            "orders has ended the request",
            Cancellation
        );
    }
}
