using Sentry.Sending;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class RateLimitsTests
{
    private readonly Clock _clock = new();
    private readonly RateLimits _limits;

    public RateLimitsTests() => _limits = new RateLimits(_clock);

    [Theory]
    [InlineData("60:error:key:quota", true, false)]
    [InlineData("60:monitor;error", true, true)]
    [InlineData("60::organization", true, true)]
    [InlineData("60", true, true)]
    [InlineData("60.5:error:key", true, false)]
    [InlineData(" 60 : error : key ", true, false)]
    [InlineData("60:transaction;unknown:key", false, false)]
    [InlineData("0:error", false, false)]
    [InlineData("soon:error, 60:monitor", false, true)]
    [InlineData("-5:error", false, false)]
    [InlineData("1e9:error", false, false)]
    [InlineData("NaN:error", false, false)]
    [InlineData("99999999999999999999999999999:error", true, false)]
    [InlineData(":::", false, false)]
    [InlineData("", false, false)]
    public void TryUpdate_AnyHeader_LimitsWhatItNames(string header, bool errors, bool monitors)
    {
        _limits.TryUpdate(header);

        Assert.Equal(errors, _limits.IsLimited("error"));
        Assert.Equal(monitors, _limits.IsLimited("monitor"));
    }

    [Fact]
    public void IsLimited_TimePasses_EndsWithTheLongestLimit()
    {
        _limits.TryUpdate("60:error, 10:error");

        _clock.Now += TimeSpan.FromSeconds(59);
        Assert.True(_limits.IsLimited("error"));

        _clock.Now += TimeSpan.FromSeconds(1);
        Assert.False(_limits.IsLimited("error"));
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
