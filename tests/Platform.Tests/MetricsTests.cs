using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aspire.Hosting.Testing;
using Npgsql;
using Platform.Faults;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>Prometheus scrapes everything, what it has is true, and an exemplar leads from a figure to a trace.</summary>
public sealed partial class MetricsTests(PlatformFixture platform) : PlatformTest(platform)
{
    private static readonly string[] Jobs =
    [
        .. PlatformFixture.Services,
        "alertmanager",
        "observatory",
        "postgres",
        "prometheus",
        "rabbitmq",
        "rabbitmq-queues",
        "redis",
    ];

    // Words of the language that stand where a name may stand.
    private static readonly string[] Words = ["and", "or", "unless", "bool", "offset", "inf", "Inf", "nan", "NaN"];

    // Series of one metric in one instance: routes, statuses and buckets. An id in a label would pass it within a run of all tests.
    private const int MaxSeriesPerMetric = 600;

    private PrometheusClient Prometheus => Platform.Prometheus;

    [Fact]
    public async Task Targets_OfThePlatform_AreAllUp()
    {
        await Eventually.TrueAsync(
            async () =>
            {
                var up = await Prometheus.QueryAsync("up == 1", Cancellation);
                return Jobs.All(job => up.Any(series => series.Labels["job"] == job));
            },
            $"up is 1 for {string.Join(", ", Jobs)}"
        );

        // As its telemetry calls it, and not by an address that a restart changes.
        var instances = await Prometheus.QueryAsync(
            """up{job="orders"} * on (job) group_left (service_instance_id) target_info""",
            Cancellation
        );
        Assert.NotEmpty(instances);
        Assert.All(instances, series => Assert.Equal(series.Labels["service_instance_id"], series.Labels["instance"]));
    }

    [Fact]
    public async Task Scrape_WithoutTheToken_IsRefused_AndThePublicPortHasNone()
    {
        using var gateway = Platform.App.CreateHttpClient("gateway", "http");
        using var onPublicPort = await gateway.GetAsync("/metrics", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, onPublicPort.StatusCode);

        foreach (var service in (string[])[.. PlatformFixture.Services, "observatory"])
        {
            using var management = Platform.App.CreateHttpClient(service, "management");
            using var anonymous = await management.GetAsync("/metrics", Cancellation);
            management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
            using var wrong = await management.GetAsync("/metrics", Cancellation);
            management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Platform.MetricsToken);
            using var right = await management.GetAsync("/metrics", Cancellation);

            Assert.Equal(
                (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK),
                (anonymous.StatusCode, wrong.StatusCode, right.StatusCode)
            );
        }
    }

    [Fact]
    public async Task Orders_PlacedAndPaid_AreCountedOnceAndWithTheirMoney()
    {
        // Other tests' orders are done, and Prometheus has them.
        await NothingUnderWayAsync();
        await ScrapedSinceAsync(DateTimeOffset.UtcNow);
        string[] counters =
        [
            "platform_orders_placed_total",
            "platform_payments_decided_total{platform_outcome=\"captured\"}",
            "platform_payments_revenue_total{platform_currency=\"USD\"}",
            "platform_orders_fulfilled_total",
        ];
        var before = await Task.WhenAll(counters.Select(counter => Prometheus.SumAsync(counter, Cancellation)));
        var shopper = await Platform.Shop.SignInAsync("grove", "grove-u03", Cancellation);
        for (var order = 0; order < 3; order++)
        {
            await shopper.PlaceAsync(Cancellation);
        }

        // A blue mug is 12.50 USD.
        double[] expected = [before[0] + 3, before[1] + 3, before[2] + (3 * 1250), before[3] + 3];
        await Eventually.GetAsync(
            () => Task.WhenAll(counters.Select(counter => Prometheus.SumAsync(counter, Cancellation))),
            counts => counts.SequenceEqual(expected),
            $"placed, captured, revenue and fulfilled are {string.Join(", ", expected)}"
        );
    }

    /// <summary>From the figure to one request that it is made of.</summary>
    [Fact]
    public async Task Exemplar_OfTheRequestDuration_LeadsToItsTrace()
    {
        var since = DateTimeOffset.UtcNow;
        var shopper = await Platform.Shop.SignInAsync("harbor", "harbor-u02", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);

        await Eventually.TrueAsync(
            async () =>
                (
                    await Prometheus.ExemplarsAsync(
                        """http_server_request_duration_seconds_bucket{job="gateway",http_route="/api/orders"}""",
                        since,
                        Cancellation
                    )
                ).Contains(order.TraceId),
            $"an exemplar of POST /api/orders is of trace {order.TraceId}"
        );
        await Platform.Telemetry.WaitForSpanAsync(order.TraceId, "charge_card", Cancellation);
    }

    [Fact]
    public async Task QueueDepth_OfAQueueNobodyEmpties_IsThatOfTheBroker_AndTheOrderGetsOlder()
    {
        await Platform.StopAsync("worker", Cancellation);
        try
        {
            var shopper = await Platform.Shop.SignInAsync("dune", "dune-u04", Cancellation);
            await shopper.PlaceAsync(Cancellation);
            await shopper.PlaceAsync(Cancellation);

            await Eventually.TrueAsync(
                async () => await Prometheus.SumAsync("""rabbitmq_detailed_queue_messages{queue="worker.order-paid"}""", Cancellation) == 2,
                "two messages wait for worker"
            );
            await Eventually.TrueAsync(
                async () => await Prometheus.SumAsync("""queue:nonempty:seconds{queue="worker.order-paid"}""", Cancellation) > 2,
                "the queue has not been empty for two seconds"
            );
            await Eventually.TrueAsync(
                async () =>
                    await Prometheus.SumAsync("""platform_order_oldest_age_seconds{platform_order_status="paid"}""", Cancellation) > 2,
                "the oldest paid order is two seconds old"
            );

            // Somebody stopped it: Prometheus looks at the list of targets every few seconds, and then nothing is down.
            await Eventually.GetAsync(
                () => Prometheus.QueryAsync("""up{job="worker"}""", Cancellation),
                series => series.Count == 0,
                "worker is no target any more"
            );
        }
        finally
        {
            await Platform.StartAsync("worker", Cancellation);
        }

        await Eventually.TrueAsync(
            async () => await Prometheus.SumAsync("""rabbitmq_detailed_queue_messages{queue="worker.order-paid"}""", Cancellation) == 0,
            "worker has emptied its queue"
        );
    }

    [Fact]
    public async Task Labels_OfAllSeries_HaveNoIdPathOrAddress_AndNoMetricHasTooMany()
    {
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u06", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        using var found = await shopper.SendAsync(HttpMethod.Get, $"/api/orders/{order.Id}", Cancellation);
        await Eventually.TrueAsync(
            async () =>
                (
                    await Prometheus.QueryAsync(
                        """http_server_request_duration_seconds_count{http_route="/api/orders/{id:guid}"}""",
                        Cancellation
                    )
                ).Count > 0,
            "the order was read"
        );

        // Since the start of all tests: whatever they sent.
        var series = await Prometheus.SeriesAsync(
            $$"""{job=~"{{string.Join('|', PlatformFixture.Services)}}",instance!=""}""",
            Cancellation
        );

        Assert.All(
            series
                .SelectMany(labels => labels)
                .Where(label => label.Key is not ("instance" or "service_instance_id" or "otel_component_name"))
                .Distinct(),
            label => Assert.DoesNotMatch(Identifying(), label.Value)
        );
        Assert.All(
            series.GroupBy(labels => (labels["job"], labels["instance"], labels["__name__"])),
            metric => Assert.True(metric.Count() < MaxSeriesPerMetric, $"{metric.Key}: {metric.Count()} series")
        );
    }

    /// <summary>From what is broken to the page of whoever is on call, and back: Prometheus, Alertmanager, Observatory.</summary>
    [Fact]
    public async Task Alert_OfADeadLetter_ReachesObservatory_AndEndsWithIt()
    {
        const string Queue = "orders.order-fulfilled";
        Assert.Equal(0, await Prometheus.SumAsync($$"""rabbitmq_detailed_queue_messages{queue="{{Queue}}.dead"}""", Cancellation));
        await Platform.Faults.InjectAsync("rabbitmq", "poison-message", new FaultRequest(Minutes: 2, Scope: Queue), Cancellation);
        try
        {
            var firing = await AlertAsync(alert => alert.GetProperty("endedAt").ValueKind == JsonValueKind.Null, "fires");
            Assert.Equal(("warning", "delayed"), (firing.Text("severity"), firing.Text("impact")));
            Assert.Contains(Queue, firing.Text("summary"), StringComparison.Ordinal);
        }
        finally
        {
            await Platform.Faults.EndAllAsync(null, Cancellation);
        }

        await AlertAsync(alert => alert.GetProperty("endedAt").ValueKind != JsonValueKind.Null, "has ended");

        async Task<JsonElement> AlertAsync(Func<JsonElement, bool> condition, string what) =>
            (
                await Eventually.GetAsync(
                    async () =>
                        (await Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>("/api/alerts", Cancellation))
                            .GetProperty("history")
                            .EnumerateArray()
                            .Where(alert =>
                                alert.Text("labels")!.Contains($"queue={Queue}.dead", StringComparison.Ordinal) && condition(alert)
                            )
                            .ToList(),
                    found => found.Count > 0,
                    $"Observatory was told that DeadLetters of {Queue} {what}",
                    TimeSpan.FromSeconds(60)
                )
            )[0];
    }

    /// <summary>Quantiles of a summary cannot be added; buckets can.</summary>
    [Fact]
    public async Task Types_OfOurMetrics_AreCountersGaugesAndHistograms()
    {
        var metadata = await Prometheus.GetAsync($$"""/api/v1/targets/metadata?match_target={job="orders"}""", Cancellation);

        var types = metadata.EnumerateArray().ToDictionary(metric => metric.Text("metric")!, metric => metric.Text("type")!);

        Assert.Contains("http_server_request_duration_seconds", types.Keys);
        Assert.Empty(types.Values.Except(["counter", "gauge", "histogram", "info"]));
    }

    [Fact]
    public async Task Rules_OfThePlatform_AreAllEvaluated()
    {
        var rules = await Prometheus.GetAsync("/api/v1/rules", Cancellation);

        var all = rules.GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray()).ToList();

        Assert.Contains(all, rule => rule.GetProperty("name").GetString() == "ObjectiveBurnsFast");
        Assert.All(all, rule => Assert.True(rule.GetProperty("health").GetString() is "ok" or "unknown", rule.ToString()));
    }

    /// <summary>A rule about a series that nobody has never fires, and says so nowhere.</summary>
    [Fact]
    public async Task Metrics_ThatRulesName_AreThere()
    {
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u07", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        var named = (await Prometheus.GetAsync("/api/v1/rules", Cancellation))
            .GetProperty("groups")
            .EnumerateArray()
            .SelectMany(group => group.GetProperty("rules").EnumerateArray())
            .SelectMany(rule => NamesOf(rule.GetProperty("query").GetString()!))
            .ToHashSet(StringComparer.Ordinal);

        Assert.True(named.Count > 50, string.Join(' ', named));
        await Eventually.GetAsync(
            async () =>
                named.Except(
                    (await Prometheus.GetAsync("/api/v1/label/__name__/values", Cancellation))
                        .EnumerateArray()
                        .Select(name => name.GetString()!),
                    StringComparer.Ordinal
                ),
            missing => !missing.Any(),
            "each metric that a rule names is there"
        );
    }

    /// <summary>What a deploy looks like is told to nobody; another service's trouble is.</summary>
    [Fact]
    public async Task Restart_OfAService_IsSilencedForItAlone_AndForAMinute()
    {
        using var alertmanager = Platform.App.CreateHttpClient("alertmanager", "http");
        var since = DateTimeOffset.UtcNow;

        await Platform.DeployAsync("worker", Cancellation);

        var made = await Eventually.GetAsync(
            async () =>
                (await alertmanager.GetFromJsonAsync<JsonElement>("/api/v2/silences", Cancellation))
                    .EnumerateArray()
                    .Where(silence => silence.GetProperty("startsAt").GetDateTimeOffset() >= since)
                    .ToList(),
            silences => silences.Count > 0,
            "there is a silence"
        );
        var silence = Assert.Single(made);
        var matcher = Assert.Single(silence.GetProperty("matchers").EnumerateArray());
        Assert.Equal(("job", "worker"), (matcher.Text("name"), matcher.Text("value")));
        Assert.InRange(
            (silence.GetProperty("endsAt").GetDateTimeOffset() - silence.GetProperty("startsAt").GetDateTimeOffset()).TotalSeconds,
            58,
            62
        );
    }

    /// <summary>An error that nobody has seen before is told: on the page of alerts, and to Alertmanager for whoever is called.</summary>
    [Fact]
    public async Task Issue_ThatIsNew_IsAnAlert_AndAlertmanagerKnowsIt()
    {
        // Its fingerprint makes it new, whatever other tests have made fail.
        var trace = Guid.NewGuid().ToString("N");
        using var sent = await Platform.Telemetry.Http.PostAsJsonAsync(
            $"/api/1/store/?sentry_key={Platform.SentryKey}",
            new
            {
                message = "Refused like never before",
                level = "error",
                fingerprint = new[] { trace },
                tags = new { service = "orders" },
                contexts = new { trace = new { trace_id = trace, span_id = trace[..16] } },
            },
            Cancellation
        );
        sent.EnsureSuccessStatusCode();

        var failure = await Platform.Telemetry.WaitForEventAsync(trace, Cancellation);
        var view = $"/issues/{failure.Text("issueId")}";
        var alert = await Eventually.GetAsync(
            async () =>
                (await Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>("/api/alerts", Cancellation))
                    .GetProperty("history")
                    .EnumerateArray()
                    .FirstOrDefault(alert => alert.Text("view") == view),
            alert => alert.ValueKind == JsonValueKind.Object,
            "the new issue is an alert"
        );
        using var alertmanager = Platform.App.CreateHttpClient("alertmanager", "http");

        Assert.Equal(("NewIssue", "orders", "warning"), (alert.Text("name"), alert.Text("service"), alert.Text("severity")));
        await Eventually.GetAsync(
            () => alertmanager.GetStringAsync("/api/v2/alerts", Cancellation),
            alerts => alerts.Contains(view, StringComparison.Ordinal),
            "Alertmanager knows it"
        );
    }

    private static IEnumerable<string> NamesOf(string expression) =>
        Names().Matches(NoNames().Replace(expression, "")).Select(match => match.Value).Except(Words, StringComparer.Ordinal);

    private async Task NothingUnderWayAsync()
    {
        await using var orders = NpgsqlDataSource.Create((await Platform.App.GetConnectionStringAsync("ordersdb", Cancellation))!);
        await using var command = orders.CreateCommand("SELECT count(*) FROM orders WHERE status IN ('pending', 'paid')");
        await Eventually.GetAsync(
            async () => (long)(await command.ExecuteScalarAsync(Cancellation))!,
            count => count == 0,
            "no order is under way"
        );
    }

    // An exporter may answer with what it wrote 300 ms before. Of a comparison, timestamp would be the time of the query.
    private Task ScrapedSinceAsync(DateTimeOffset since) =>
        Eventually.GetAsync(
            () => Prometheus.QueryAsync("""timestamp(up{job=~"orders|payments|worker"}) and up == 1""", Cancellation),
            times =>
                // One that was started anew becomes a target in seconds.
                new[] { "orders", "payments", "worker" }.All(job => times.Any(time => time.Labels["job"] == job))
                && times.All(time => time.Value > (since.ToUnixTimeMilliseconds() / 1000.0) + 1),
            "every instance has been scraped"
        );

    // Texts, selectors, ranges, and labels that series are joined or summed by.
    [GeneratedRegex("\"[^\"]*\"|" + @"\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")]
    private static partial Regex NoNames();

    // Not a function.
    [GeneratedRegex(@"(?<![\w:])(?>[a-zA-Z_:][\w:]*)(?!\s*\()")]
    private static partial Regex Names();

    // A uuid, a trace id, an e-mail address, a path with a number in it, a user of ours.
    [GeneratedRegex(@"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}|@|/\d+(/|$)|-u\d\d")]
    private static partial Regex Identifying();
}
