using Platform.Observatory.Requests;
using Platform.Observatory.Text;

namespace Platform.Observatory.Tests;

public sealed class SeriesTests
{
    private const int PerSecond = 2;
    private static readonly DateTimeOffset Begin = new(2026, 11, 18, 10, 0, 0, TimeSpan.Zero);

    // A card in forty is declined at all times. In short steps most have no error, and those that have one are as usual all the same.
    [Theory]
    [InlineData(4)]
    [InlineData(10)]
    [InlineData(30)]
    public void RareErrors_AtAllTimes_AreUsual(int minutes)
    {
        var series = Of(minutes, request => (10, request % 40 == 7));

        Assert.InRange(series.UsualErrorShare!.Value, 0.02, 0.03);
        Assert.False(series.HasMoreErrors);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(30)]
    public void SlowRequests_AtAllTimes_AreUsual(int minutes)
    {
        var series = Of(minutes, request => (request % 45 < 3 ? 200 : 10, false));

        Assert.Equal(200, series.UsualP95);
        Assert.False(series.IsSlower);
    }

    [Fact]
    public void Problem_OlderThanTheRecentPart_IsNotUsual()
    {
        var series = Of(30, request => request / PerSecond >= 20 * 60 ? (300, request % 3 == 0) : (10, request % 40 == 7));

        Assert.InRange(series.UsualErrorShare!.Value, 0.02, 0.03);
        Assert.True(series.HasMoreErrors);
        Assert.Equal(10, series.UsualP95);
        Assert.True(series.IsSlower);
    }

    [Fact]
    public void Problem_OfAQuietOperation_IsNotUsualEither()
    {
        var series = Of(30, request => request / PerSecond >= 20 * 60 ? (300, true) : (10, false), 10);

        Assert.True(series.HasMoreErrors);
        Assert.True(series.IsSlower);
    }

    [Fact]
    public void Problem_OfMostOfTheWindow_IsStillWorseThanWhatWasUsualBeforeIt()
    {
        var series = Of(30, request => request / PerSecond >= 60 ? (300, request % 3 == 0) : (10, request % 40 == 7));

        Assert.False(series.HasMoreErrors || series.IsSlower);
        Assert.True(series.HasMoreErrorsThan(0.025) && series.IsSlowerThan(20));
        Assert.False(series.HasMoreErrorsThan(0.34) || series.IsSlowerThan(300));
    }

    [Theory]
    [InlineData(4, 4, false, false)]
    [InlineData(5, 5, true, true)]
    [InlineData(10, 100, true, false)]
    [InlineData(10, 300, false, false)]
    public void FewThatFailOrAreSlow_AreNotWorseThanBefore(int bad, int requests, bool isFailing, bool isSlower)
    {
        var window = Window.Of(new TimeRange("", Begin, Begin.AddMinutes(30)), []);
        var series = new Series(window);
        for (var request = 0; request < requests; request++)
        {
            series.Add(UnixTime.NanosOf(window.Range.To.AddSeconds(-1)), request < bad ? 300 : 10, request < bad);
        }

        Assert.Equal((isFailing, isSlower), (series.HasMoreErrorsThan(0), series.IsSlowerThan(100)));
    }

    // Of every so many requests one is taken.
    private static Series Of(int minutes, Func<int, (double Milliseconds, bool Failed)> request, int every = 1)
    {
        var series = new Series(Window.Of(new TimeRange("", Begin, Begin.AddMinutes(minutes)), []));

        for (var index = 0; index < minutes * 60 * PerSecond; index += every)
        {
            var (milliseconds, failed) = request(index);
            series.Add(UnixTime.NanosOf(Begin.AddSeconds(index / (double)PerSecond)), milliseconds, failed);
        }

        return series;
    }
}
