using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Npgsql;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>What services write to the console outside Development, and what their records carry.</summary>
public sealed class LogTests(PlatformFixture platform) : PlatformTest(platform)
{
    private static readonly string[] Always = ["timestamp", "level", "message", "service", "environment", "release", "region"];

    [Fact]
    public async Task Lines_OutsideDevelopment_AreFlatJsonWithTheCommonFields()
    {
        try
        {
            await Platform.ReconfigureAsync(PlatformFixture.Services, "ASPNETCORE_ENVIRONMENT", "Production", Cancellation);
            var shopper = await Platform.Shop.SignInAsync("acme", "acme-u10", Cancellation);
            var order = await shopper.PlaceAsync(Cancellation);
            await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);

            await LineAsync("orders", "order.fulfilled", order.TraceId);
            foreach (var service in PlatformFixture.Services)
            {
                var lines = await ConsoleLines.ReadJsonAsync(Platform, service, Cancellation);
                Assert.All(
                    lines,
                    line => Assert.All(Always, field => Assert.True(line.TryGetProperty(field, out _), $"{service}: {line} has {field}"))
                );
                Assert.All(lines, line => Assert.Equal((service, "Production"), (line.Text("service"), line.Text("environment"))));
                Assert.All(
                    lines,
                    line =>
                        Assert.DoesNotContain(
                            line.EnumerateObject(),
                            field => field.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array
                        )
                );
                Assert.DoesNotContain(lines, line => line.Text("level") is "debug" or "trace");
                Assert.Contains(lines, line => line.Text("event") == "service.started");

                // Nothing else is written between them, once the service has said that it starts.
                var all = (await ConsoleLines.ReadAsync(Platform.App, service, Cancellation))
                    .Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..])
                    .ToList();
                var first = all.FindLastIndex(line => line.Contains("\"service.started\"", StringComparison.Ordinal));
                Assert.All(all.Skip(first), line => Assert.StartsWith("{\"timestamp\"", line, StringComparison.Ordinal));
            }

            var request = await LineAsync("orders", "request.completed", order.TraceId);
            Assert.Equal(
                ("POST", 202, order.RequestId, "acme-u10", "acme"),
                (
                    request.Text("method"),
                    request.GetProperty("status").GetInt32(),
                    request.Text("request_id"),
                    request.Text("user_id"),
                    request.Text("tenant_id")
                )
            );
            Assert.True(request.GetProperty("duration_ms").GetDouble() > 0);
            foreach (
                var (service, name) in new[]
                {
                    ("orders", "order.placed"),
                    ("payments", "payment.decided"),
                    ("orders", "order.paid"),
                    ("worker", "receipt.sent"),
                }
            )
            {
                await LineAsync(service, name, order.TraceId);
            }
        }
        finally
        {
            await Platform.ReconfigureAsync(PlatformFixture.Services, "ASPNETCORE_ENVIRONMENT", null, Cancellation);
        }
    }

    [Fact]
    public async Task Service_WithoutASetting_EndsWithOneFatalLineAndOneEvent()
    {
        await Platform.ReconfigureAsync(["worker"], "Worker__LlmApiKey", "", Cancellation, restart: false);
        await Platform.ReconfigureAsync(["worker"], "ASPNETCORE_ENVIRONMENT", "Production", Cancellation, restart: false);
        await Platform.StopAsync("worker", Cancellation);
        var since = DateTimeOffset.UtcNow;
        try
        {
            await Platform.CommandAsync("worker", KnownResourceCommands.StartCommand, Cancellation);
            var ended = await Platform.StateAsync(
                "worker",
                resource => KnownResourceStates.TerminalStates.Contains(resource.Snapshot.State?.Text) && resource.Snapshot.ExitCode > 0,
                "the worker has failed",
                Cancellation
            );

            Assert.Equal(1, ended.Snapshot.ExitCode);
            var fatal = Assert.Single(
                await ConsoleLines.WaitForAsync(Platform, "worker", line => line.Text("level") == "fatal", "of level fatal", Cancellation)
            );
            Assert.Contains("LlmApiKey", fatal.Text("message"), StringComparison.Ordinal);

            // And an error event, although the process lived for a second.
            var events = await Eventually.GetAsync(
                () => Platform.Telemetry.EventsSinceAsync(since, Cancellation),
                events => events.Any(item => item.Text("service") == "worker"),
                "the event of the crash arrives"
            );
            var crash = Assert.Single(events, item => item.Text("service") == "worker");
            Assert.Equal(
                ("worker", "Microsoft.Extensions.Options.OptionsValidationException"),
                (crash.Text("service"), crash.Text("type"))
            );
        }
        finally
        {
            await Platform.ReconfigureAsync(["worker"], "Worker__LlmApiKey", null, Cancellation, restart: false);
            await Platform.ReconfigureAsync(["worker"], "ASPNETCORE_ENVIRONMENT", null, Cancellation, restart: false);
            await Platform.StartAsync("worker", Cancellation);
        }
    }

    [Fact]
    public async Task Requests_TwoHundredAtOnce_KeepTheirOwnIds()
    {
        var shoppers = await Task.WhenAll(
            Enumerable.Range(1, 8).Select(number => Platform.Shop.SignInAsync("cedar", $"cedar-u{number:00}", Cancellation))
        );

        var orders = await Task.WhenAll(
            Enumerable
                .Range(0, 200)
                .Select(async number =>
                    (
                        Number: number,
                        Order: await shoppers[number % 8].PlaceAsync(Cancellation, headers: [("X-Request-Id", $"concurrent-{number}")])
                    )
                )
        );

        foreach (var (number, order) in orders)
        {
            Assert.Equal($"concurrent-{number}", order.RequestId);
        }

        foreach (var (number, order) in orders.Where(order => order.Number % 10 == 0))
        {
            var spans = await Platform.Telemetry.WaitForTraceAsync(
                order.TraceId,
                OneTrace.LooksComplete,
                "the trace is complete",
                Cancellation,
                TimeSpan.FromSeconds(60)
            );
            Assert.All(spans, span => Assert.Equal($"concurrent-{number}", span["request.id"]));
            Assert.All(
                spans.Where(span => span.Service != "gateway"),
                span => Assert.Equal($"cedar-u{(number % 8) + 1:00}", span["user.id"])
            );
            var ids = await Eventually.GetAsync(
                async () =>
                    (IReadOnlyList<string?>)
                        [
                            .. RequestIds(
                                JsonSerializer.Deserialize<JsonElement>(
                                    await Platform.Telemetry.LogsAsync($"traceId={order.TraceId}&limit=1000", Cancellation)
                                )
                            ),
                        ],
                ids => ids.Count > 0,
                "records of the trace arrive"
            );
            Assert.All(ids, id => Assert.Equal($"concurrent-{number}", id));
        }
    }

    [Fact]
    public async Task Deploy_OfAService_ChangesItsReleaseInEverySignal()
    {
        await Platform.DeployAsync("worker", Cancellation);

        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u07", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        var spans = await Platform.Telemetry.WaitForTraceAsync(
            order.TraceId,
            OneTrace.LooksComplete,
            "the trace is complete",
            Cancellation,
            TimeSpan.FromSeconds(60)
        );
        var release = Assert.Single(spans.Where(span => span.Service == "worker").Select(span => span.Release).Distinct());
        Assert.DoesNotContain(spans, span => span.Service != "worker" && span.Release == release);
    }

    /// <summary>A table that is locked for a while: callers wait, with a connection each.</summary>
    [Fact]
    public async Task Database_ThatIsSlow_IsWarnedOfWithItsQueriesAndItsPool()
    {
        var since = DateTimeOffset.UtcNow;
        var shoppers = await Task.WhenAll(
            Enumerable.Range(1, 8).Select(number => Platform.Shop.SignInAsync("birch", $"birch-u{number:00}", Cancellation))
        );
        await using var database = NpgsqlDataSource.Create(await Platform.DatabaseAsync("ordersdb", Cancellation));
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        Task<PlacedOrder>[] orders;
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await using var block = new NpgsqlCommand("LOCK TABLE orders", connection, transaction);
            await block.ExecuteNonQueryAsync(Cancellation);

            // The pool has 40.
            orders = [.. Enumerable.Range(0, 40).Select(number => shoppers[number % shoppers.Length].PlaceAsync(Cancellation))];
            await RecordedAsync("database.pool_low", since);

            // What has waited for longer than a slow query takes, and not yet for as long as one may.
            await using var slow = database.CreateCommand(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO orders%'
                    AND query_start < now() - interval '1 second'
                """
            );
            await Eventually.TrueAsync(async () => (long)(await slow.ExecuteScalarAsync(Cancellation))! > 0, "an insert waits");
            await transaction.RollbackAsync(Cancellation);
        }

        var placed = await Task.WhenAll(orders);
        await RecordedAsync("database.slow_query", since);
        await Task.WhenAll(placed.Select(order => shoppers[0].WaitForAsync(order.Id, "fulfilled", Cancellation)));
    }

    [Fact]
    public async Task Request_WithALargeBody_IsAWarning()
    {
        var since = DateTimeOffset.UtcNow;
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u09", Cancellation);
        using var request = shopper.Request(HttpMethod.Post, "/api/orders");
        request.Content = new StringContent(
            $$"""{"note":"{{new string('x', 300_000)}}"}""",
            MediaTypeHeaderValue.Parse("application/json")
        );
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());

        using var response = await Platform.Shop.Http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await RecordedAsync("request.large", since);
    }

    /// <summary>The name that an operator gave the environment, in every signal.</summary>
    [Fact]
    public async Task Environment_WithAName_IsInEverySignal()
    {
        var shopper = await Platform.Shop.SignInAsync("dune", "dune-u08", Cancellation);
        try
        {
            foreach (var environment in new[] { "production", "staging", "preview" })
            {
                await Platform.ReconfigureAsync(["orders"], "DEPLOYMENT_ENVIRONMENT", environment, Cancellation);
                string traceId;
                await using (await Refusing.RowsAsync(Platform, "ordersdb", "orders", $"'not in {environment}'", Cancellation))
                {
                    using var response = await shopper.SendOrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation);
                    traceId = response.Headers.GetValues("X-Trace-Id").Single();
                }

                var report = await Platform.Telemetry.WaitForEventAsync(traceId, Cancellation);
                Assert.Equal(environment, report.Text("environment"));
                foreach (var signal in new[] { "spans", "logs" })
                {
                    await Eventually.GetAsync(
                        () =>
                            Platform.Telemetry.Http.GetStringAsync(
                                $"/api/telemetry/{signal}?traceId={traceId}&resource=orders",
                                Cancellation
                            ),
                        answer => answer.Contains($"\"{environment}\"", StringComparison.Ordinal),
                        $"{signal} of orders say {environment}"
                    );
                }
            }
        }
        finally
        {
            await Platform.ReconfigureAsync(["orders"], "DEPLOYMENT_ENVIRONMENT", null, Cancellation);
        }
    }

    [Fact]
    public async Task SecurityEvents_OfCallersAndOperators_AreRecords()
    {
        var since = DateTimeOffset.UtcNow;
        await Platform.Shop.SignInAsync("acme", "acme-u09", Cancellation);
        using var unknown = await Platform.Shop.Http.PostAsJsonAsync(
            "/api/sessions",
            new { tenant = "acme", user = "nobody" },
            Cancellation
        );
        using var denied = await Platform.Shop.Http.GetAsync("/api/products", Cancellation);
        using var closed = await DeadLetterBox.WithoutTheKeyAsync(Platform, "payments", Cancellation);
        await DeadLetterBox.ListAsync(Platform, "payments", Cancellation);

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized),
            (unknown.StatusCode, denied.StatusCode, closed.StatusCode)
        );
        foreach (
            var name in new[] { "security.login_succeeded", "security.login_failed", "security.access_denied", "security.admin_action" }
        )
        {
            await RecordedAsync(name, since);
        }
    }

    /// <summary>What a service said is elsewhere by the time it dies.</summary>
    [Fact]
    public async Task Records_OfAKilledService_CanStillBeRead()
    {
        var shopper = await Platform.Shop.SignInAsync("ember", "ember-u09", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        await ReceiptAsync();
        using (var worker = Process.GetProcessById(Platform.ProcessIdOf("worker")))
        {
            worker.Kill();
            await worker.WaitForExitAsync(Cancellation);
        }

        await ReceiptAsync();
        await Platform.EndedAsync("worker", Cancellation);
        await Platform.StartAsync("worker", Cancellation);

        async Task ReceiptAsync() =>
            await Eventually.GetAsync(
                () => Platform.Telemetry.LogsAsync($"traceId={order.TraceId}&search=event%3Dreceipt.sent&resource=worker", Cancellation),
                answer => answer.Contains("receipt.sent", StringComparison.Ordinal),
                "the worker's record is there"
            );
    }

    /// <summary>A record of this test, not one that another has left.</summary>
    private async Task RecordedAsync(string name, DateTimeOffset since) =>
        await Eventually.GetAsync(
            () =>
                Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>(
                    $"/api/telemetry/logs?from={Uri.EscapeDataString(since.ToString("O"))}&search=event%3D{name}",
                    Cancellation
                ),
            answer => answer.GetProperty("totalCount").GetInt32() > 0,
            $"a record of {name} arrives"
        );

    private static IEnumerable<string?> RequestIds(JsonElement logs) =>
        from resource in logs.GetProperty("data").GetProperty("resourceLogs").EnumerateArray()
        from scope in resource.GetProperty("scopeLogs").EnumerateArray()
        from record in scope.GetProperty("logRecords").EnumerateArray()
        from attribute in record.GetProperty("attributes").EnumerateArray()
        where attribute.GetProperty("key").GetString() == "request.id"
        select attribute.GetProperty("value").GetProperty("stringValue").GetString();

    /// <summary>The one line of that event and trace.</summary>
    private async Task<JsonElement> LineAsync(string service, string name, string traceId) =>
        Assert.Single(
            await ConsoleLines.WaitForAsync(
                Platform,
                service,
                line => line.Text("event") == name && line.Text("trace_id") == traceId,
                $"{name} of trace {traceId}",
                Cancellation
            )
        );
}
