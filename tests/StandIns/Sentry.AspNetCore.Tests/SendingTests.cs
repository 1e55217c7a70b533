using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class SendingTests
{
    // Generous for a loaded machine, and far below the time that the slow servers of these tests take.
    private static readonly TimeSpan CallersPatience = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Capture_ServerIsSlow_CallersDoNotWaitAndTheOverflowIsCounted()
    {
        await using var test = await HubTest.StartAsync(options => options.MaxQueueItems = 5);
        var release = new TaskCompletionSource();
        var answer = test.Receiver.Answer;
        test.Receiver.Answer = async context =>
        {
            await release.Task;
            await answer(context);
        };

        var watch = Stopwatch.StartNew();
        var accepted = Enumerable.Range(0, 300).Count(i => test.Hub.CaptureMessage($"message {i}") != SentryId.Empty);
        var elapsed = watch.Elapsed;
        release.SetResult();
        test.Finish();

        Assert.True(elapsed < CallersPatience, $"300 captures took {elapsed}.");
        Assert.InRange(accepted, 5, 6);
        Assert.Equal(accepted, test.Receiver.Events.Count);
        Assert.Equal(300 - accepted, test.Receiver.Discarded["queue_overflow"]);
    }

    [Fact]
    public async Task Capture_NobodyListens_CallersDoNotWaitAndShutdownIsBounded()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var hub = new Hub(new SentryOptions { Dsn = $"http://key@127.0.0.1:{port}/1" });

        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 100; i++)
        {
            hub.CaptureMessage($"message {i}");
        }

        await hub.FlushAsync(TimeSpan.FromSeconds(1));
        hub.Dispose();

        Assert.True(watch.Elapsed < CallersPatience, $"It took {watch.Elapsed}.");
    }

    [Fact]
    public async Task Close_ServerNeverAnswers_EndsWithTheShutdownTimeout()
    {
        await using var test = await HubTest.StartAsync(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        test.Receiver.Answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        test.Hub.CaptureMessage("lost");
        await test.Receiver.FirstAsync();

        var watch = Stopwatch.StartNew();
        test.Hub.Dispose();

        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(150), CallersPatience);
    }

    [Fact]
    public async Task Close_QueueIsFull_SendsAllOfIt()
    {
        await using var test = await HubTest.StartAsync();

        var accepted = Enumerable.Range(0, 30).Count(i => test.Hub.CaptureMessage($"message {i}") != SentryId.Empty);

        Assert.Equal(accepted, test.Finish().Events.Count);
        Assert.False(test.Hub.IsEnabled);
        Assert.Equal(SentryId.Empty, test.Hub.CaptureMessage("too late"));
    }

    [Fact]
    public async Task FlushAsync_EventsAreQueued_ReturnsWhenTheyAreSent()
    {
        await using var test = await HubTest.StartAsync();
        test.Hub.CaptureMessage("first");
        test.Hub.CaptureMessage("second");

        await test.Hub.FlushAsync(EnvelopeReceiver.Deadline);

        Assert.Equal(2, test.Receiver.Events.Count);
    }

    [Theory]
    [InlineData(413)]
    [InlineData(500)]
    [InlineData(403)]
    public async Task Send_ServerRefuses_IsCountedAndNotSentAgain(int status)
    {
        await using var test = await HubTest.StartAsync();
        test.Receiver.Answer = context => EnvelopeReceiver.AnswerStatus(context, test.Receiver.Envelopes.Count == 1 ? status : 200);

        test.Hub.CaptureMessage("refused");
        test.Hub.CaptureMessage("accepted");
        test.Finish();

        Assert.Equal(["refused", "accepted"], test.Receiver.Events.Select(evt => evt.GetProperty("logentry").GetProperty("message").GetString()));
        Assert.Equal(1, test.Receiver.Discarded["send_error"]);
    }

    [Fact]
    public async Task Send_TimesOut_IsCountedAndNotSentAgain()
    {
        await using var test = await HubTest.StartAsync(options => options.ConfigureClient = client => client.Timeout = TimeSpan.FromMilliseconds(100));
        var answer = test.Receiver.Answer;
        test.Receiver.Answer = context => test.Receiver.Envelopes.Count == 1
            ? Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default)
            : answer(context);

        test.Hub.CaptureMessage("times out");
        await test.Hub.FlushAsync(EnvelopeReceiver.Deadline);
        test.Finish();

        Assert.Single(test.Receiver.Events);
        Assert.Equal(1, test.Receiver.Discarded["network_error"]);
    }

    [Fact]
    public async Task Send_LimitedForErrors_CheckInsStillGoAndTheDropsAreCounted()
    {
        await using var test = await HubTest.StartAsync();
        test.Receiver.Answer = context => EnvelopeReceiver.AnswerStatus(context, 200, "60:error;transaction:key:quota");

        test.Hub.CaptureMessage("sent");
        await test.Hub.FlushAsync(EnvelopeReceiver.Deadline);
        test.Hub.CaptureMessage("dropped");
        test.Hub.CaptureCheckIn("job", CheckInStatus.Ok);
        test.Finish();

        Assert.Single(test.Receiver.Events);
        Assert.Single(test.Receiver.Envelopes.SelectMany(envelope => envelope.OfType("check_in")));
        Assert.Equal(1, test.Receiver.Discarded["ratelimit_backoff"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("soon:error:key")]
    [InlineData(",,")]
    public async Task Send_429WithoutAUsableHeader_StopsEverything(string? header)
    {
        await using var test = await HubTest.StartAsync();
        test.Receiver.Answer = context => EnvelopeReceiver.AnswerStatus(context, 429, header);

        test.Hub.CaptureMessage("rejected");
        await test.Hub.FlushAsync(EnvelopeReceiver.Deadline);
        test.Hub.CaptureMessage("dropped");
        test.Hub.CaptureCheckIn("job", CheckInStatus.Ok);
        test.Finish();

        Assert.Single(test.Receiver.Envelopes);
    }

    [Fact]
    public async Task Send_ClientReportsAreOff_NothingIsCounted()
    {
        await using var test = await HubTest.StartAsync(options =>
        {
            options.SendClientReports = false;
            options.SetBeforeSend((SentryEvent _) => null);
        });

        test.Hub.CaptureMessage("dropped");

        Assert.Empty(test.Finish().Envelopes);
    }
}
