using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Platform.Observatory.Alerts;
using Platform.Observatory.Findings;
using Platform.Observatory.Issues;
using Platform.Observatory.Metrics;
using Platform.Observatory.Settings;
using Platform.Observatory.Text;
using Platform.Observatory.Watch;

namespace Platform.Observatory.Tests;

/// <summary>What Observatory makes alerts of by itself.</summary>
public sealed class WatchTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 10, 0, 0, TimeSpan.Zero);

    private readonly AlertStore _alerts = new(TimeProvider.System);

    [Fact]
    public void Finding_ThatHolds_IsOneAlertFromWhereItBegan_AndEndsWhenItIsGone()
    {
        var watch = new FindingAlerts(_alerts);
        var told = new List<Alert>();
        for (var second = 0; second < 300; second += 5)
        {
            var now = Start.AddSeconds(second);
            var changed = watch.Next(second < 180 ? Failing() : null, (_, _) => second < 180, now).ToList();
            _alerts.Apply(changed, now);
            told.AddRange(changed);
        }

        Assert.Equal([null, Start.AddSeconds(235)], told.Select(alert => alert.EndedAt));
        Assert.All(
            told,
            alert =>
                Assert.Equal(
                    ("RequestsFailing", "critical", "blocked", Start.AddSeconds(-40)),
                    (alert.Name, alert.Severity, alert.Impact, alert.StartedAt)
                )
        );
        Assert.Single(_alerts.All());
    }

    [Fact]
    public void Finding_ThatLooksUsualByNow_IsNotOver_WhileItIsWorseThanBeforeIt()
    {
        var watch = new FindingAlerts(_alerts);
        var asked = new List<Usual?>();
        for (var second = 0; second < 300; second += 5)
        {
            var now = Start.AddSeconds(second);
            _alerts.Apply(watch.Next(second < 60 ? Failing() : null, (_, usual) => Ask(usual), now), now);
        }

        Assert.Null(Assert.Single(_alerts.All()).EndedAt);
        Assert.NotEmpty(asked);
        Assert.All(asked, usual => Assert.Equal(0.01, usual?.Value));

        bool Ask(Usual? usual)
        {
            asked.Add(usual);
            return usual?.Value == 0.01;
        }
    }

    [Fact]
    public void Alert_OfAnEarlierRun_LearnsWhatWasUsual_WhenItIsFoundAgain()
    {
        var before = new FindingAlerts(_alerts);
        for (var second = 0; second < 30; second += 5)
        {
            _alerts.Apply(before.Next(Failing(), (_, _) => true, Start.AddSeconds(second)), Start);
        }

        var after = new FindingAlerts(_alerts);
        var asked = new List<Usual?>();
        foreach (var finding in new[] { null, Failing(), null })
        {
            Assert.Empty(after.Next(finding, (_, usual) => Ask(usual), Start.AddSeconds(60)));
        }

        Assert.Equal([0.01, 0.01], asked.Select(usual => usual?.Value));

        bool Ask(Usual? usual)
        {
            asked.Add(usual);
            return true;
        }
    }

    [Fact]
    public void Finding_OfAMoment_IsNoAlert()
    {
        var watch = new FindingAlerts(_alerts);

        for (var second = 0; second < 120; second += 5)
        {
            Assert.Empty(watch.Next(second % 60 == 0 ? Failing() : null, (_, _) => false, Start.AddSeconds(second)));
        }
    }

    [Fact]
    public void Finding_ThatIsOnlyNotable_IsNoAlert()
    {
        var watch = new FindingAlerts(_alerts);

        for (var second = 0; second < 120; second += 5)
        {
            Assert.Empty(watch.Next(Failing() with { IsGrave = false }, (_, _) => true, Start.AddSeconds(second)));
        }
    }

    /// <summary>One is found for as long as it holds, although only the worst is told each time.</summary>
    [Fact]
    public void Findings_ThatTakeTurns_AreTwoAlerts_AndNeitherEndsWhileItHolds()
    {
        var watch = new FindingAlerts(_alerts);
        var told = new List<Alert>();
        for (var second = 0; second < 300; second += 5)
        {
            var now = Start.AddSeconds(second);
            var worst = second < 60 && second % 10 == 0 ? Failing() : Failing() with { Service = "worker" };
            var changed = watch.Next(worst, (_, _) => true, now).ToList();
            _alerts.Apply(changed, now);
            told.AddRange(changed);
        }

        Assert.Equal(["orders", "worker"], told.Select(alert => alert.Service).Order());
        Assert.All(told, alert => Assert.Null(alert.EndedAt));
    }

    /// <summary>Twenty in five minutes; each once, although the store has forgotten the first.</summary>
    [Fact]
    public void Issues_InAFlood_AreToldOnceEachUpToALimit_AndDriveNoCriticalAlertOut()
    {
        _alerts.Apply([Alerts.Fake("Blocked", "critical", Start.AddMinutes(-30))], Start);
        var issues = new IssueStore(Options.Create(new ObservatoryOptions()));
        var watch = new IssueAlerts(_alerts, issues);
        var told = 0;
        for (var second = 0; second < 240; second += 5)
        {
            var now = Start.AddSeconds(second);
            for (var number = 0; number < 10; number++)
            {
                issues.Add(Event(now, $"i-{second}-{number}"));
            }

            var changed = watch.Next(now).ToList();
            _alerts.Apply(changed, now);
            told += changed.Count;
        }

        _alerts.Apply(Enumerable.Range(0, AlertStore.Capacity).Select(number => Alerts.Fake($"a{number}", "warning", Start)), Start);

        Assert.Equal(20, told);
        Assert.Contains(_alerts.All(), alert => alert.Name == "Blocked");
    }

    [Theory]
    [InlineData(false, false, false, "RequestsSlow", "blocked")]
    [InlineData(false, true, true, "RequestsFailing", "delayed")]
    [InlineData(true, true, true, "CallsFailing", "delayed")]
    [InlineData(true, false, true, "CallsSlow", "delayed")]
    public void Finding_OfEachKind_HasItsNameAndImpact(bool isCall, bool isFailing, bool isBackground, string name, string impact)
    {
        var watch = new FindingAlerts(_alerts);
        var finding = Failing() with { IsCall = isCall, IsFailing = isFailing, IsBackground = isBackground };

        var told = Enumerable.Range(0, 5).SelectMany(step => watch.Next(finding, (_, _) => true, Start.AddSeconds(step * 5))).First();

        Assert.Equal((name, impact), (told.Name, told.Impact));
        Assert.Contains(name, FindingAlerts.Names);
    }

    /// <summary>New: one. At a steady rate: none. Ten times as often: one.</summary>
    [Fact]
    public void Issue_NewSteadyAndSpiking_IsToldTwice()
    {
        var issues = new IssueStore(Options.Create(new ObservatoryOptions()));
        var watch = new IssueAlerts(_alerts, issues);
        var told = new List<(string Name, double Minute)>();
        for (var minute = 0; minute < 120; minute++)
        {
            var now = Start.AddMinutes(minute);
            for (var number = 0; number < (minute is >= 60 and < 70 ? 30 : 1); number++)
            {
                issues.Add(Event(now));
            }

            var changed = watch.Next(now).ToList();
            _alerts.Apply(changed, now);
            told.AddRange(changed.Where(alert => alert.EndedAt is null).Select(alert => (alert.Name, (now - Start).TotalMinutes)));
        }

        Assert.Equal(["NewIssue", "SpikingIssue"], told.Select(alert => alert.Name));
        Assert.InRange(told[1].Minute, 60, 62);
        Assert.All(_alerts.All(), alert => Assert.NotNull(alert.EndedAt));
    }

    /// <summary>Alertmanager lets it end ten minutes after it heard of it last; that it is over it hears at once.</summary>
    [Fact]
    public void Issue_ThatSpikesForLong_IsToldAgainUntilItIsOver()
    {
        var issues = new IssueStore(Options.Create(new ObservatoryOptions()));
        var watch = new IssueAlerts(_alerts, issues);
        var posted = new List<(double Minute, AlertPost Post)>();
        for (var minute = 0; minute < 120; minute++)
        {
            var now = Start.AddMinutes(minute);
            for (var number = 0; number < (minute is >= 60 and < 90 ? 30 : 1); number++)
            {
                issues.Add(Event(now));
            }

            var changed = watch.Next(now).ToList();
            _alerts.Apply(changed, now);
            posted.AddRange(
                watch
                    .ToTell(changed, now)
                    .Where(alert => alert.Name == IssueAlerts.Spiking)
                    .Select(alert => (minute + 0.0, AlertPost.Of(alert, now)))
            );
        }

        var over = Start.AddMinutes(posted[^1].Minute);
        Assert.InRange(posted[^1].Minute, 70, 101);
        Assert.Equal(over, posted[^1].Post.EndsAt);
        Assert.All(
            posted.Zip(posted.Skip(1)),
            pair =>
                Assert.True(pair.First.Post.EndsAt > Start.AddMinutes(pair.Second.Minute), $"It ended before minute {pair.Second.Minute}.")
        );
        Assert.Single(posted.Select(item => item.Post.StartsAt).Distinct());
    }

    [Fact]
    public void Issue_ThatIsMuted_IsNotTold()
    {
        var issues = new IssueStore(Options.Create(new ObservatoryOptions()));
        issues.Add(Event(Start));
        issues.SetStatus("i-1", IssueStatus.Muted, Start);

        Assert.Empty(new IssueAlerts(_alerts, issues).Next(Start.AddSeconds(5)));
    }

    /// <summary>Alertmanager is told of it once, and what it sends back is known.</summary>
    [Fact]
    public async Task Issue_ThatIsNew_IsAnAlertOfTheHistory_AndAlertmanagerIsTold()
    {
        await using var alertmanager = await JsonServer.StartAsync("/api/v2/alerts", "[]", "/api/v2/silences", "[]");
        await using var process = await ObservatoryProcess.StartAsync($"--Observatory:AlertmanagerUrl={alertmanager.Address}");
        var failure = Sentry.Event();
        failure["tags"]!["service"] = "payments, alertname=Other, =\"";
        await Sentry.SendAsync(process, failure);

        var alert = await Eventually.GetAsync(
            async () => (await process.GetJsonAsync("/api/alerts"))["history"]!.AsArray().SingleOrDefault(),
            alert => alert is not null && !alertmanager.Posted.IsEmpty,
            "it is an alert and told"
        );

        Assert.Equal("NewIssue", alert!["name"]!.GetValue<string>());
        Assert.StartsWith("/issues/", alert["view"]!.GetValue<string>(), StringComparison.Ordinal);
        var posted = JsonNode.Parse(alertmanager.Posted.First())!.AsArray().Single()!;
        Assert.Equal(
            ("NewIssue", "payments, alertname=Other, =\"", "warning", "observatory"),
            (
                posted["labels"]!["alertname"]!.GetValue<string>(),
                posted["labels"]!["job"]!.GetValue<string>(),
                posted["labels"]!["severity"]!.GetValue<string>(),
                posted["labels"]!["source"]!.GetValue<string>()
            )
        );

        posted["fingerprint"] = "f1";
        posted["status"] = "firing";
        using var back = new StringContent(
            new JsonObject { ["version"] = "4", ["alerts"] = new JsonArray(posted.DeepClone()) }.ToJsonString(),
            System.Net.Http.Headers.MediaTypeHeaderValue.Parse("application/json")
        );
        using var answer = await process.Http.PostAsync("/api/alerts", back, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
        Assert.Single((await process.GetJsonAsync("/api/alerts"))["history"]!.AsArray());
    }

    [Fact]
    public void Alert_ThatPrometheusForgot_EndsAfterMinutes_AndOneThatItKnowsDoesNot()
    {
        _alerts.Apply([Alerts.Fake("Known", "critical", Start), Alerts.Fake("Forgotten", "critical", Start)], Start);
        var watch = new ForgottenAlerts(_alerts);
        var firing = _alerts.All().Where(alert => alert.Name == "Known").ToList();

        Assert.Empty(watch.Over(firing, Start));
        Assert.Empty(watch.Over(null, Start.AddMinutes(4)));
        Assert.Empty(watch.Over(firing, Start.AddMinutes(5)));
        Assert.Empty(watch.Over(firing, Start.AddMinutes(10)));
        var over = Assert.Single(watch.Over(firing, Start.AddMinutes(12)));

        Assert.Equal(("Forgotten", Start.AddMinutes(12)), (over.Name, over.EndedAt));
    }

    [Theory]
    [InlineData("up{role=\"service\"} == 0", "up{role=\"service\"}")]
    [InlineData("job:x{a=\"b > c\"} > 0.05 and job:y > 0.1", "job:x{a=\"b > c\"}")]
    [InlineData("sum(increase(a[15m])) < 1\nand sum(b) > 5", "sum(increase(a[15m]))")]
    [InlineData("(x > 1 and y > 1 or z > 2) and w > 5", "x")]
    [InlineData(
        "time() - max by (job) (label_replace(a, \"job\", \"$1\", \"s\", \"(.*)\")) > 120",
        "time() - max by (job) (label_replace(a, \"job\", \"$1\", \"s\", \"(.*)\"))"
    )]
    [InlineData("(a) + (b) > 1", "(a) + (b)")]
    [InlineData("vector(1)", "vector(1)")]
    [InlineData("", "")]
    [InlineData("((\"", "((\"")]
    public void Metric_OfACondition_IsItsFirstOperand(string condition, string expected) =>
        Assert.Equal(expected, MetricExpression.Of(condition));

    private static Finding Failing() =>
        new(
            "orders",
            "POST /api/orders",
            IsFailing: true,
            IsCall: false,
            IsBackground: false,
            IsGrave: true,
            new Usual("POST /api/orders", 0.01),
            "POST /api/orders fails in orders",
            "",
            Moment.None,
            Start.AddSeconds(-40),
            "",
            "",
            "/traces?resource=orders",
            ""
        );

    private static ErrorEvent Event(DateTimeOffset at, string issue = "i-1") =>
        new()
        {
            EventId = Guid.NewGuid().ToString("N"),
            Time = at,
            Level = "error",
            Type = "Boom",
            Value = "it broke",
            Culprit = "POST /things",
            Service = "payments",
            Release = "1.0",
            Environment = "test",
            User = "u-1",
            Tenant = "t-1",
            RequestId = null,
            TraceId = 0,
            SpanId = 0,
            Tags = [],
            IssueId = issue,
            Payload = [],
        };
}
