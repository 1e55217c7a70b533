using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Alerts;

namespace Platform.Observatory.Tests;

public sealed class AlertTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddMinutes(-5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Alert_ThatFiresAndEnds_IsOneOfTheHistory()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var fires = await TellAsync(process, Message(Alert("a1", "HighErrorRate", "critical")));
        var firing = Assert.Single(await HistoryAsync(process));
        using var ends = await TellAsync(process, Message(Alert("a1", "HighErrorRate", "critical", Start.AddMinutes(2))));
        var ended = Assert.Single(await HistoryAsync(process));
        using var again = await TellAsync(process, Message(Alert("a1", "HighErrorRate", "critical", start: Start.AddMinutes(3))));

        Assert.Equal(HttpStatusCode.NoContent, fires.StatusCode);
        Assert.Equal(JsonValueKind.Null, firing.GetProperty("endedAt").ValueKind);
        Assert.Equal(Start.AddMinutes(2), ended.GetProperty("endedAt").GetDateTimeOffset(), TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, (await HistoryAsync(process)).Count);
        var page = await process.Http.GetStringAsync("/alerts", Cancellation);
        Assert.Contains("HighErrorRate", page, StringComparison.Ordinal);
        Assert.Matches(@"2\smin", WebUtility.HtmlDecode(page));
    }

    [Fact]
    public async Task Message_WithoutTheToken_IsRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:AlertToken=right", "--Observatory:ApiKey=key-1");

        using var anonymous = await TellAsync(process, Message(Alert("a1", "ServiceDown", "critical")));
        process.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        using var wrong = await TellAsync(process, Message(Alert("a1", "ServiceDown", "critical")));
        process.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "right");
        using var right = await TellAsync(process, Message(Alert("a1", "ServiceDown", "critical")));
        using var reading = await process.Http.GetAsync("/api/alerts", Cancellation);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (anonymous.StatusCode, wrong.StatusCode));
        Assert.Equal(HttpStatusCode.NoContent, right.StatusCode);

        // Who may tell of alerts may not read everything.
        Assert.Equal(HttpStatusCode.Unauthorized, reading.StatusCode);
        Assert.Single(process.Services.GetRequiredService<AlertStore>().All());
    }

    [Theory]
    [InlineData("""{"version":"3","alerts":[]}""")]
    [InlineData("""{"alerts":[]}""")]
    [InlineData("""[]""")]
    [InlineData("""not json""")]
    public async Task Message_OfAnotherKind_IsRefused_AndNothingIsLost(string body)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        using var good = await TellAsync(process, Message(Alert("a1", "ServiceDown", "critical")));

        using var content = new StringContent(body, MediaTypeHeaderValue.Parse("application/json"));
        using var bad = await process.Http.PostAsync("/api/alerts", content, Cancellation);
        using var large = await TellAsync(process, Message(Alert(new string('x', 300_000), "ServiceDown", "critical")));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (bad.StatusCode, large.StatusCode));
        Assert.Single(await HistoryAsync(process));
    }

    [Fact]
    public async Task Alerts_ThatCannotBeRead_AreLeftOut_AndNoneLeadsElsewhere()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var evil = new
        {
            fingerprint = "a2",
            status = "firing",
            startsAt = Start,
            labels = new { alertname = "<script>alert(1)</script>", severity = "catastrophic" },
            annotations = new { summary = "card 4242424242424242", view = "//evil.example/" },
        };

        using var told = await TellAsync(
            process,
            Message(new { labels = 7 }, new { startsAt = Start }, evil, Alert("a1", "ServiceDown", "critical"))
        );
        var history = await HistoryAsync(process);
        var page = await process.Http.GetStringAsync("/alerts", Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
        Assert.Equal(2, history.Count);
        OwnScripts.AssertNoOther(page);
        Assert.DoesNotContain("evil.example", page, StringComparison.Ordinal);
        Assert.DoesNotContain("4242424242424242", page, StringComparison.Ordinal);
        Assert.DoesNotContain("catastrophic", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alert_WithTextThatIsNone_IsLeftOut_AndTheOthersAreKept()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        using var body = new StringContent(
            """
            {"version":"4","alerts":[
              {"fingerprint":"a1","startsAt":"2026-11-28T07:00:00Z","labels":{"alertname":"\ud800"}},
              {"fingerprint":"a2","startsAt":"2026-11-28T07:00:00Z","labels":{"alertname":"ServiceDown","job":"\udc00"}}]}
            """,
            MediaTypeHeaderValue.Parse("application/json")
        );

        using var told = await process.Http.PostAsync("/api/alerts", body, Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
        Assert.Equal("ServiceDown", Assert.Single(await HistoryAsync(process)).GetProperty("name").GetString());
    }

    /// <summary>Something else listens there.</summary>
    [Theory]
    [InlineData("<html>not here</html>")]
    [InlineData("""{"data":{"alerts":[{"labels":7},{"labels":{"alertname":"\ud800"},"activeAt":"2026-11-28T07:00:00Z"}]}}""")]
    [InlineData("[]")]
    public async Task Prometheus_ThatAnswersNonsense_IsAwayOrHasNothing_AndObservatoryLives(string answer)
    {
        await using var server = await JsonServer.StartAsync("/api/v1/alerts", answer);
        await using var process = await ObservatoryProcess.StartAsync($"--Observatory:PrometheusUrl={server.Address}");

        await PageAsync(process, answer.StartsWith('<') ? "Prometheus does not answer" : "Nothing fires");
        await Eventually.TrueAsync(() => Task.FromResult(server.Asked > 1), "it is asked again");
    }

    [Fact]
    public async Task History_WithMoreThanItHolds_LosesWhatHasEndedFirst()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var store = process.Services.GetRequiredService<AlertStore>();
        static Alert Fake(int number, bool ended) =>
            Alerts.Fake($"f{number}", "info", Start.AddSeconds(number), ended ? Start.AddSeconds(number + 1) : null);

        store.Apply(Enumerable.Range(0, AlertStore.Capacity).Select(number => Fake(number, ended: number >= 100)), Start);
        store.Apply([Fake(9_999, ended: false)], Start);

        Assert.Equal(AlertStore.Capacity, store.All().Count);
        Assert.Contains(store.All(), alert => alert.Name == "f0");
        Assert.DoesNotContain(store.All(), alert => alert.Name == "f100");
    }

    /// <summary>Pages compute with times, and lead only to themselves.</summary>
    [Fact]
    public async Task Alerts_OfImpossibleTimes_AndWithHiddenAddresses_HurtNoPage()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var hidden = new
        {
            fingerprint = "a2",
            status = "firing",
            startsAt = Start,
            labels = new
            {
                alertname = "Hidden",
                severity = "critical",
                datasource = "observatory",
            },
            annotations = new { view = "/\t/evil.example" },
        };

        using var told = await TellAsync(
            process,
            Message(
                Alert("a1", "Early", "critical", start: DateTimeOffset.MinValue.AddSeconds(1)),
                Alert("a3", "Late", "critical", DateTimeOffset.MaxValue),
                hidden
            )
        );

        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
        Assert.Equal(["Hidden", "Late"], (await HistoryAsync(process)).Select(alert => alert.GetProperty("name").GetString()).Order());
        foreach (var path in new[] { "/", "/alerts", "/incidents" })
        {
            Assert.DoesNotContain("evil.example", await process.Http.GetStringAsync(path, Cancellation), StringComparison.Ordinal);
        }
    }

    /// <summary>What reads it goes on; the next answer is read.</summary>
    [Fact]
    public async Task Prometheus_ThatBreaksOff_IsAway_AndObservatoryLives()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answered = 0;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var answering = Task.Run(
            async () =>
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync(end.Token);
                    var text = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"data\"";
                    await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(text), end.Token);
                    answered++;
                }
            },
            end.Token
        );
        await using var process = await ObservatoryProcess.StartAsync($"--Observatory:PrometheusUrl=http://{listener.LocalEndpoint}");

        await PageAsync(process, "Prometheus does not answer");
        await Eventually.TrueAsync(() => Task.FromResult(answered > 3), "it is asked again");

        Assert.Contains("Overview", await process.Http.GetStringAsync("/", Cancellation), StringComparison.Ordinal);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);
    }

    /// <summary>Alertmanager cuts large groups, and says so.</summary>
    [Fact]
    public async Task Message_ThatWasCut_IsSaidOnThePage()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var told = await TellAsync(
            process,
            new
            {
                version = "4",
                truncatedAlerts = 7,
                alerts = new[] { Alert("a1", "ServiceDown", "critical") },
            }
        );

        Assert.Contains("7", await PageAsync(process, "left out"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_AfterARestart_IsThere()
    {
        var folder = Directory.CreateTempSubdirectory("alerts-").FullName;
        try
        {
            await using (var process = await ObservatoryProcess.StartAsync($"--Observatory:DataDirectory={folder}"))
            {
                using var told = await TellAsync(process, Message(Alert("a1", "OrdersUnfulfilled", "critical", Start.AddMinutes(1))));
            }

            await using var again = await ObservatoryProcess.StartAsync($"--Observatory:DataDirectory={folder}");

            var alert = Assert.Single(await HistoryAsync(again));
            Assert.Equal("OrdersUnfulfilled", alert.GetProperty("name").GetString());
            Assert.Equal("Customers have paid.", alert.GetProperty("usersFeel").GetString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What both answer is what versions 2.42 and 0.25 answered, shortened.</summary>
    [Fact]
    public async Task Page_WithPrometheusAndAlertmanager_ShowsWhatFiresIsPendingSilencedAndInhibited_AndSinceWhenTheyAreAway()
    {
        var prometheus = await JsonServer.StartAsync(
            "/api/v1/alerts",
            """
            {"status":"success","data":{"alerts":[
              {"labels":{"alertname":"Watchdog","severity":"info"},"annotations":{},"state":"firing",
               "activeAt":"2026-11-28T07:00:00Z","value":"1e+00"},
              {"labels":{"alertname":"RedisDown","severity":"warning","team":"platform"},
               "annotations":{"summary":"Redis is away"},"state":"firing",
               "activeAt":"2026-11-28T07:00:00.5Z","value":"0e+00"},
              {"labels":{"alertname":"ServiceDown","job":"orders","severity":"critical"},
               "annotations":{"summary":"orders is away"},"state":"firing",
               "activeAt":"2026-11-28T07:01:00Z","value":"0e+00"},
              {"labels":{"alertname":"TrafficDropped","severity":"warning"},"annotations":{"summary":"few ask"},"state":"firing",
               "activeAt":"2026-11-28T07:01:30Z","value":"0e+00"},
              {"labels":{"alertname":"HighLatency","job":"gateway","severity":"warning"},"annotations":{"summary":"slow"},"state":"pending",
               "activeAt":"2026-11-28T07:02:00Z","value":"2.2e+00"}]}}
            """
        );
        await using var alertmanager = await JsonServer.StartAsync(
            "/api/v2/alerts",
            """
            [{"labels":{"alertname":"RedisDown","severity":"warning","team":"platform"},"annotations":{},"fingerprint":"f1",
              "startsAt":"2026-11-28T07:00:30Z","endsAt":"2026-11-28T07:05:00Z",
              "status":{"state":"suppressed","silencedBy":["s1"],"inhibitedBy":["f3"]}},
             {"labels":{"alertname":"TrafficDropped","severity":"warning"},"annotations":{},"fingerprint":"f2",
              "startsAt":"2026-11-28T07:01:30Z","endsAt":"2026-11-28T07:05:00Z",
              "status":{"state":"suppressed","silencedBy":[],"inhibitedBy":["f3"]}}]
            """,
            "/api/v2/silences",
            """
            [{"status":{"state":"active"},"matchers":[{"name":"alertname","value":"RedisDown","isRegex":false,"isEqual":true},
                {"name":"job","value":"orders","isRegex":false,"isEqual":false},
                {"name":"team","value":"s.*","isRegex":true,"isEqual":false}],
              "createdBy":"ops","comment":"moving it",
              "endsAt":"2026-11-28T09:00:00Z"},
             {"status":{"state":"expired"},"matchers":[{"name":"job","value":"old","isRegex":false}],"createdBy":"ops","comment":"",
              "endsAt":"2026-11-28T06:00:00Z"}]
            """
        );
        await using var process = await ObservatoryProcess.StartAsync(
            $"--Observatory:PrometheusUrl={prometheus.Address}",
            $"--Observatory:AlertmanagerUrl={alertmanager.Address}"
        );

        var page = await PageAsync(process, "Redis is away");

        Assert.DoesNotContain("Watchdog", page, StringComparison.Ordinal);
        Assert.True(page.IndexOf("ServiceDown", StringComparison.Ordinal) < page.IndexOf("RedisDown", StringComparison.Ordinal));
        Assert.Matches(Row("RedisDown", "silenced"), page);
        Assert.Matches(Row("TrafficDropped", "inhibited"), page);
        Assert.Matches(Row("ServiceDown", "firing"), page);
        Assert.Matches(Row("HighLatency", "pending"), page);
        Assert.Contains("moving it", page, StringComparison.Ordinal);
        Assert.Contains("alertname=RedisDown, job!=orders, team!~s.*", page, StringComparison.Ordinal);
        Assert.DoesNotContain("job=old", page, StringComparison.Ordinal);
        Assert.DoesNotContain("does not answer", page, StringComparison.Ordinal);

        // One that Alertmanager has told of has an address, and another not yet.
        using var told = await TellAsync(process, Message(Fired("f2", "ServiceDown")));
        var firing = (await process.Http.GetFromJsonAsync<JsonElement>("/api/alerts", Cancellation)).GetProperty("firing");
        var addresses = firing
            .EnumerateArray()
            .ToDictionary(alert => alert.GetProperty("name").GetString()!, alert => alert.GetProperty("address").GetString());
        Assert.Null(addresses["RedisDown"]);
        var details = await process.Http.GetFromJsonAsync<JsonElement>(addresses["ServiceDown"], Cancellation);
        Assert.Equal("ServiceDown", details.GetProperty("alert").GetProperty("name").GetString());

        await prometheus.DisposeAsync();
        var later = await PageAsync(process, "Prometheus does not answer");

        Assert.Contains("ServiceDown", later, StringComparison.Ordinal);
        Assert.DoesNotContain("Alertmanager does not answer", later, StringComparison.Ordinal);
    }

    private static async Task<string> PageAsync(ObservatoryProcess process, string expected) =>
        await Eventually.GetAsync(
            () => process.Http.GetStringAsync("/alerts", Cancellation),
            page => page.Contains(expected, StringComparison.Ordinal),
            $"the page says {expected}"
        );

    private static async Task<IReadOnlyList<JsonElement>> HistoryAsync(ObservatoryProcess process) =>
        [.. (await process.Http.GetFromJsonAsync<JsonElement>("/api/alerts", Cancellation)).GetProperty("history").EnumerateArray()];

    private static Task<HttpResponseMessage> TellAsync(ObservatoryProcess process, object message) =>
        process.Http.PostAsJsonAsync("/api/alerts", message, Cancellation);

    private static string Row(string name, string state) => $"""(?s){name}((?!</tr>).)*<td class="nowrap">{state}</td>""";

    private static object Message(params object[] alerts) => new { version = "4", alerts };

    // With the labels of the rule that Prometheus answers above.
    private static object Fired(string fingerprint, string name) =>
        new
        {
            fingerprint,
            status = "firing",
            startsAt = Start,
            labels = new
            {
                alertname = name,
                job = "orders",
                severity = "critical",
            },
            annotations = new { },
        };

    private static object Alert(
        string fingerprint,
        string name,
        string severity,
        DateTimeOffset? end = null,
        DateTimeOffset? start = null
    ) =>
        new
        {
            fingerprint,
            status = end is null ? "firing" : "resolved",
            startsAt = start ?? Start,
            endsAt = end ?? default,
            labels = new
            {
                alertname = name,
                severity,
                job = "orders",
                impact = "blocked",
            },
            annotations = new
            {
                summary = "6 % of the requests fail",
                impact = "Customers have paid.",
                view = "/traces?resource=orders",
            },
        };
}
