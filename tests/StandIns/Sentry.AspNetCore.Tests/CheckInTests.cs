using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class CheckInTests
{
    [Fact]
    public async Task CaptureCheckIn_JobStartsAndEnds_BothCarryOneId()
    {
        await using var test = await HubTest.StartAsync(options => options.SetBeforeSend((SentryEvent _) => null));

        var id = test.Hub.CaptureCheckIn("restock-products", CheckInStatus.InProgress, configureMonitorOptions: monitor =>
        {
            monitor.Interval("*/5 * * * *");
            monitor.CheckInMargin = TimeSpan.FromSeconds(90);
            monitor.MaxRuntime = TimeSpan.FromMinutes(3);
            monitor.FailureIssueThreshold = 2;
            monitor.TimeZone = "Europe/Oslo";
        });
        test.Hub.CaptureCheckIn("restock-products", CheckInStatus.Ok, id, TimeSpan.FromSeconds(1.5));
        test.Hub.CaptureCheckIn("restock-products", CheckInStatus.Error, configureMonitorOptions: monitor => monitor.Interval(2, SentryMonitorInterval.Hour));

        var checkIns = test.Finish().Envelopes.SelectMany(envelope => envelope.OfType("check_in")).ToList();
        Assert.Equal(["in_progress", "ok", "error"], checkIns.Select(checkIn => checkIn.GetProperty("status").GetString()));
        Assert.Equal(id.ToString(), checkIns[0].GetProperty("check_in_id").GetString());
        Assert.Equal(id.ToString(), checkIns[1].GetProperty("check_in_id").GetString());
        Assert.NotEqual(id.ToString(), checkIns[2].GetProperty("check_in_id").GetString());
        Assert.Equal(1.5, checkIns[1].GetProperty("duration").GetDouble());
        Assert.Equal("restock-products", checkIns[0].GetProperty("monitor_slug").GetString());
        Assert.Equal(32, checkIns[0].GetProperty("contexts").GetProperty("trace").GetProperty("trace_id").GetString()!.Length);
        Assert.Equal(
            """{"schedule":{"type":"crontab","value":"*/5 * * * *"},"checkin_margin":2,"max_runtime":3,"failure_issue_threshold":2,"timezone":"Europe/Oslo"}""",
            checkIns[0].GetProperty("monitor_config").GetRawText());
        Assert.Equal(
            """{"schedule":{"type":"interval","value":2,"unit":"hour"}}""", checkIns[2].GetProperty("monitor_config").GetRawText());
    }

    [Theory]
    [InlineData("every day")]
    [InlineData("")]
    [InlineData("* * * *")]
    public void Interval_NotACrontab_IsRefused(string crontab)
    {
        var monitor = new SentryMonitorOptions();

        Assert.Throws<ArgumentException>(() => monitor.Interval(crontab));
    }
}
