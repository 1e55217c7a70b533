using System.Net;
using Platform.Observatory.Store;

namespace Platform.Observatory.Tests;

public sealed class FollowerTests
{
    [Fact]
    public async Task Offer_ReaderFallsBehind_EndsWithAnErrorAfterTheBuffer()
    {
        var follower = new Follower<int>();
        var taken = 0;

        while (follower.Offer(taken))
        {
            taken++;
        }

        for (var expected = 0; expected < taken; expected++)
        {
            Assert.True(follower.Reader.TryRead(out var number));
            Assert.Equal(expected, number);
        }

        await Assert.ThrowsAsync<FollowerLaggedException>(() =>
            follower.Reader.WaitToReadAsync(TestContext.Current.CancellationToken).AsTask()
        );
        Assert.False(follower.Offer(0));
    }

    [Fact]
    public async Task Follow_MoreReadersThanAllowed_Is503()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxFollowers=1");
        var path = new Uri("/api/telemetry/logs?follow=true", UriKind.Relative);

        using var first = await process.Http.GetAsync(
            path,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        using var second = await process.Http.GetAsync(
            path,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (first.StatusCode, second.StatusCode));
    }
}
