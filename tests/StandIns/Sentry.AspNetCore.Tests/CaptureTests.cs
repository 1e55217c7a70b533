using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class CaptureTests
{
    [Fact]
    public async Task CaptureException_Chain_OutermostIsLastAndCarriesTheMechanism()
    {
        await using var test = await HubTest.StartAsync();

        var id = test.Hub.CaptureException(new InvalidOperationException("outer", new TimeoutException("inner")));

        var evt = await test.EventAsync();
        Assert.Equal(id.ToString(), evt.GetProperty("event_id").GetString());
        Assert.Equal(id, test.Hub.LastEventId);
        var values = evt.GetProperty("exception").GetProperty("values");
        Assert.Equal(["System.TimeoutException", "System.InvalidOperationException"], values.EnumerateArray().Select(value => value.GetProperty("type").GetString()));
        var inner = values[0].GetProperty("mechanism");
        Assert.Equal("chained", inner.GetProperty("type").GetString());
        Assert.Equal(0, inner.GetProperty("parent_id").GetInt32());
        var outer = values[1].GetProperty("mechanism");
        Assert.Equal("generic", outer.GetProperty("type").GetString());
        Assert.True(outer.GetProperty("handled").GetBoolean());
    }

    [Fact]
    public async Task CaptureException_Aggregate_IsAGroupWithAllItsExceptions()
    {
        await using var test = await HubTest.StartAsync();

        test.Hub.CaptureException(new AggregateException(new TimeoutException("a"), new InvalidOperationException("b", new IOException("c"))));

        var values = (await test.EventAsync()).GetProperty("exception").GetProperty("values");
        Assert.Equal(
            ["System.IO.IOException", "System.InvalidOperationException", "System.TimeoutException", "System.AggregateException"],
            values.EnumerateArray().Select(value => value.GetProperty("type").GetString()));
        Assert.True(values[3].GetProperty("mechanism").GetProperty("is_exception_group").GetBoolean());
        Assert.Equal(2, values[0].GetProperty("mechanism").GetProperty("parent_id").GetInt32());
        Assert.Equal("InnerExceptions[1]", values[1].GetProperty("mechanism").GetProperty("source").GetString());
    }

    [Fact]
    public async Task CaptureException_SameInstanceAgain_IsReportedOnce()
    {
        await using var test = await HubTest.StartAsync();
        var exception = new InvalidOperationException("once");

        test.Hub.CaptureException(exception);
        var second = test.Hub.CaptureException(exception);
        test.Hub.CaptureException(new AggregateException(exception));

        Assert.Equal(SentryId.Empty, second);
        Assert.Single(test.Finish().Events);
    }

    [Fact]
    public async Task CaptureException_WithScopeCallback_LeavesTheScopeAsItWas()
    {
        await using var test = await HubTest.StartAsync(options => options.DefaultTags["service"] = "orders");
        test.Hub.ConfigureScope(scope =>
        {
            scope.User = new SentryUser { Id = "u-17" };
            scope.Contexts["payment"] = new { Network = "visa" };
            scope.SetExtra("attempt", 3);
        });

        test.Hub.CaptureException(new InvalidOperationException("first"), scope =>
        {
            scope.SetTag("queue", "payments.order-placed");
            scope.SetFingerprint("charge", "{{ default }}");
            scope.Level = SentryLevel.Fatal;
            scope.TransactionName = "charge due payments";
        });
        test.Hub.CaptureMessage("second", SentryLevel.Warning);

        var events = test.Finish().Events;
        var first = events[0];
        Assert.Equal("fatal", first.GetProperty("level").GetString());
        Assert.Equal("charge due payments", first.GetProperty("transaction").GetString());
        Assert.Equal("u-17", first.GetProperty("user").GetProperty("id").GetString());
        Assert.Equal("payments.order-placed", first.GetProperty("tags").GetProperty("queue").GetString());
        Assert.Equal("orders", first.GetProperty("tags").GetProperty("service").GetString());
        Assert.Equal("visa", first.GetProperty("contexts").GetProperty("payment").GetProperty("Network").GetString());
        Assert.Equal(3, first.GetProperty("extra").GetProperty("attempt").GetInt32());
        Assert.Equal(["charge", "{{ default }}"], first.GetProperty("fingerprint").EnumerateArray().Select(part => part.GetString()));
        var second = events[1];
        Assert.Equal("warning", second.GetProperty("level").GetString());
        Assert.Equal("second", second.GetProperty("logentry").GetProperty("message").GetString());
        Assert.False(second.GetProperty("tags").TryGetProperty("queue", out _));
        Assert.False(second.TryGetProperty("fingerprint", out _));
        Assert.NotEmpty(second.GetProperty("threads").GetProperty("values")[0].GetProperty("stacktrace").GetProperty("frames").EnumerateArray());
    }

    [Fact]
    public async Task BeforeSend_ReturnsNull_DropsAndCounts()
    {
        await using var test = await HubTest.StartAsync(options =>
            options.SetBeforeSend((evt, _) => evt.Exception is TimeoutException ? null : evt));

        var id = test.Hub.CaptureException(new TimeoutException("dropped"));

        Assert.Equal(SentryId.Empty, id);
        Assert.Equal(1, test.Finish().Discarded["before_send"]);
        Assert.Empty(test.Receiver.Events);
    }

    [Fact]
    public async Task BeforeSend_Throws_TheEventIsSentAndSaysSo()
    {
        await using var test = await HubTest.StartAsync(options => options.SetBeforeSend(_ => throw new FormatException("scrubber")));

        test.Hub.CaptureMessage("kept");

        var breadcrumb = Assert.Single((await test.EventAsync()).GetProperty("breadcrumbs").EnumerateArray());
        Assert.Equal("scrubber", breadcrumb.GetProperty("data").GetProperty("message").GetString());
    }

    [Fact]
    public async Task BeforeSend_ChangesTheEvent_TheChangeIsSent()
    {
        await using var test = await HubTest.StartAsync(options => options.SetBeforeSend(evt =>
        {
            evt.SentryExceptions!.Single().Value = "***";
            evt.SetTag("scrubbed", "yes");
            return evt;
        }));

        test.Hub.CaptureException(new InvalidOperationException("4111111111111111"));

        var envelope = await test.Receiver.FirstAsync();
        Assert.DoesNotContain("4111111111111111", envelope.Text, StringComparison.Ordinal);
        Assert.Contains("\"scrubbed\":\"yes\"", envelope.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EventProcessor_ReturnsNull_DropsAndCounts()
    {
        await using var test = await HubTest.StartAsync();

        test.Hub.ConfigureScope(scope => scope.AddEventProcessor(_ => null));
        test.Hub.CaptureMessage("dropped");

        Assert.Equal(1, test.Finish().Discarded["event_processor"]);
    }

    [Fact]
    public async Task SampleRate_NextToNothing_DropsAndCounts()
    {
        await using var test = await HubTest.StartAsync(options => options.SampleRate = float.Epsilon);

        test.Hub.CaptureMessage("sampled away");

        Assert.Equal(1, test.Finish().Discarded["sample_rate"]);
    }

    [Fact]
    public async Task Breadcrumbs_MoreThanTheMaximum_TheOldestGo()
    {
        await using var test = await HubTest.StartAsync(options =>
        {
            options.MaxBreadcrumbs = 3;
            options.SetBeforeBreadcrumb(breadcrumb => breadcrumb.Message == "secret" ? null : breadcrumb);
        });

        foreach (var message in new[] { "1", "2", "3", "secret", "4" })
        {
            test.Hub.AddBreadcrumb(message, category: "step", data: new Dictionary<string, string> { ["n"] = message }, level: BreadcrumbLevel.Warning);
        }

        test.Hub.CaptureMessage("now");

        var breadcrumbs = (await test.EventAsync()).GetProperty("breadcrumbs");
        Assert.Equal(["2", "3", "4"], breadcrumbs.EnumerateArray().Select(breadcrumb => breadcrumb.GetProperty("message").GetString()));
        Assert.Equal("warning", breadcrumbs[0].GetProperty("level").GetString());
    }

    [Fact]
    public async Task Contexts_ObjectThatCannotBeWritten_TheEventIsSentWithItsTypeName()
    {
        await using var test = await HubTest.StartAsync();

        test.Hub.CaptureMessage("kept", scope => scope.Contexts["bad"] = new Unwritable());

        Assert.Contains("Unwritable", (await test.Receiver.FirstAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void CaptureException_EmptyDsn_DoesNothing()
    {
        using var hub = new Hub(new SentryOptions { Dsn = "" });

        var id = hub.CaptureException(new InvalidOperationException("nobody hears"));

        Assert.False(hub.IsEnabled);
        Assert.Equal(SentryId.Empty, id);
    }

    private sealed class Unwritable
    {
        private readonly string _reason = "not now";

        public string Value => throw new InvalidOperationException(_reason);
    }
}
