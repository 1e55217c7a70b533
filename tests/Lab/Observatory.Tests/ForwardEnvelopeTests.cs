using System.Diagnostics;
using System.Text;
using Platform.Observatory.Envelopes;
using static Platform.Observatory.Tests.Forwarding;

namespace Platform.Observatory.Tests;

public sealed class ForwardEnvelopeTests
{
    private const string FurtherKey = "fedcba9876543210fedcba9876543210";

    [Fact]
    public async Task Errors_ForwardedToAnotherDsn_ArriveOnceScrubbedAndWithItsKey()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        await using var process = await ObservatoryProcess.StartAsync(Settings(receiver));
        var sent = Sentry.Event("It failed with Bearer abcdefghijklmnopqrstuvwxyz0123456789");

        var auth = $"Sentry sentry_version=7,sentry_key={Sentry.Key}";
        await Sentry.PostAsync(process, Sentry.Envelope(("event", sent)), auth: auth);
        var checkIn = Sentry.CheckIn("ok", """{"schedule":{"type":"crontab","value":"* * * * *"}}""");
        await Sentry.PostAsync(process, Sentry.Envelope(("check_in", checkIn)), auth: auth);

        await UntilAsync(process, "sentry", "errors", lane => Count(lane, "sent") == 1 && Count(lane, "waitingItems") == 0);
        var (path, headers, body) = Assert.Single(receiver.Requests);
        Assert.Equal("/prefix/api/42/envelope/", path);
        Assert.Contains("sentry_key=" + FurtherKey, headers["X-Sentry-Auth"], StringComparison.Ordinal);
        var text = Encoding.UTF8.GetString(body);
        Assert.DoesNotContain(Sentry.Key, text, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdefghijklmnop", text, StringComparison.Ordinal);
        var envelope = EnvelopeReader.Read(body);
        Assert.Equal(((string?)sent["event_id"], null), (envelope.EventId, envelope.Dsn));
        Assert.Equal("event", Assert.Single(envelope.Items).Type);
    }

    [Fact]
    public async Task RateLimits_OfTheOtherHost_AreHonoured()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        var times = new List<long>();
        receiver.Before = (context, _) =>
        {
            times.Add(Stopwatch.GetTimestamp());
            context.Response.Headers["X-Sentry-Rate-Limits"] =
                times.Count == 1 ? "60:transaction:key, 1:error;default:organization:quota" : "1::organization";
            context.Response.StatusCode = times.Count == 1 ? 429 : 200;
            return Task.FromResult(times.Count > 1);
        };
        await using var process = await ObservatoryProcess.StartAsync(Settings(receiver));

        await Sentry.SendAsync(process, Sentry.Event());
        await Sentry.SendAsync(process, Sentry.Event());

        var lane = await UntilAsync(process, "sentry", "errors", lane => Count(lane, "sent") == 2);
        Assert.Equal((1, 0), (Count(lane, "retries"), Count(lane, "refused")));
        Assert.Equal(3, times.Count);
        Assert.True(Stopwatch.GetElapsedTime(times[0], times[1]) > TimeSpan.FromSeconds(0.95));
        Assert.True(Stopwatch.GetElapsedTime(times[1], times[2]) > TimeSpan.FromSeconds(0.95));
    }

    [Fact]
    public async Task Loop_OfErrors_Ends()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        await using var process = await ObservatoryProcess.StartAsync(Settings(receiver));
        await Sentry.SendAsync(process, Sentry.Event());
        await UntilAsync(() => !receiver.Requests.IsEmpty);
        var (_, headers, body) = receiver.Requests.Single();
        using var again = new HttpRequestMessage(HttpMethod.Post, "/api/42/envelope/") { Content = new ByteArrayContent(body) };
        again.Headers.Add("x-platform-hop", headers["x-platform-hop"]);

        using var answer = await process.Http.SendAsync(again, TestContext.Current.CancellationToken);

        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Equal(1, (int?)(await Sentry.OnlyIssueAsync(process))["count"]);
    }

    private static string[] Settings(ForwardReceiver receiver) =>
        [$"--Observatory:ForwardDsn=http://{FurtherKey}@127.0.0.1:{receiver.Port}/prefix/42", $"--Observatory:SentryKey={Sentry.Key}"];
}
