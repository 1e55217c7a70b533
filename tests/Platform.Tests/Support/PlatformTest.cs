namespace Platform.Tests.Support;

/// <summary>A test on the running platform; skipped with the reason where the servers cannot run.</summary>
public abstract class PlatformTest
{
    protected PlatformTest(PlatformFixture platform)
    {
        Assert.SkipWhen(platform.Unavailable is not null, platform.Unavailable ?? "");
        Platform = platform;
    }

    protected PlatformFixture Platform { get; }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;
}
