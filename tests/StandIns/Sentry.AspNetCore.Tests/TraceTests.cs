using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class TraceTests
{
    [Fact]
    public async Task UseOtlp_EventInARequest_HasTheIdsOfTheActivity()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        using var listener = Listen("Microsoft.AspNetCore", out _);
        Activity? activity = null;
        await using var app = await TestApp.StartAsync(
            receiver.Dsn,
            app => app.MapGet("/", void () =>
            {
                activity = Activity.Current;
                throw new InvalidOperationException("traced");
            }),
            options => options.UseOtlp());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        await app.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var trace = (await receiver.EventAsync()).GetProperty("contexts").GetProperty("trace");
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", trace.GetProperty("trace_id").GetString());
        Assert.Equal(activity!.SpanId.ToHexString(), trace.GetProperty("span_id").GetString());
        Assert.Equal("b7ad6b7169203331", trace.GetProperty("parent_span_id").GetString());
    }

    [Fact]
    public async Task Default_EventInARequest_ContinuesOnlySentrysOwnHeader()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(receiver.Dsn, app => app.MapGet("/", void () => throw new InvalidOperationException("traced")));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("sentry-trace", "6f1c2d0a7e7f4e4b9d0c3f5a1b2c3d4e-00f067aa0ba902b7-1");

        await app.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var trace = (await receiver.EventAsync()).GetProperty("contexts").GetProperty("trace");
        Assert.Equal("6f1c2d0a7e7f4e4b9d0c3f5a1b2c3d4e", trace.GetProperty("trace_id").GetString());
        Assert.Equal("00f067aa0ba902b7", trace.GetProperty("parent_span_id").GetString());
    }

    [Fact]
    public async Task BeforeSend_SetsTheTraceId_IsSent()
    {
        var id = SentryId.Create();
        await using var test = await HubTest.StartAsync(options => options.SetBeforeSend(evt =>
        {
            evt.Contexts.Trace.TraceId = id;
            return evt;
        }));

        test.Hub.CaptureMessage("traced");

        Assert.Equal(id.ToString(), (await test.EventAsync()).GetProperty("contexts").GetProperty("trace").GetProperty("trace_id").GetString());
    }

    [Fact]
    public async Task Sending_SomeoneListensToHttpClients_MakesNoSpanAndSendsNoTraceparent()
    {
        using var listener = Listen("System.Net.Http", out var stopped);
        await using var test = await HubTest.StartAsync();
        var port = new Uri(test.Receiver.Dsn).Port;
        using var activity = new Activity("caller").Start();

        test.Hub.CaptureMessage("quiet");

        var envelope = await test.Receiver.FirstAsync();
        test.Finish();
        Assert.False(envelope.RequestHeaders.ContainsKey("traceparent"));
        Assert.DoesNotContain(stopped, span => Equals(span.GetTagItem("server.port"), port));
    }

    private static ActivityListener Listen(string source, out System.Collections.Concurrent.ConcurrentQueue<Activity> stopped)
    {
        var seen = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        var listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate.Name == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = seen.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        stopped = seen;
        return listener;
    }
}
