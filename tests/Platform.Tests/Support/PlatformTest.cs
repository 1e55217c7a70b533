namespace Platform.Tests.Support;

/// <summary>
/// A test on the running platform; skipped with the reason where the servers cannot run. It begins when everything is healthy: the one
/// before may have taken a server away, and services find it again in their own time.
/// </summary>
public abstract class PlatformTest : IAsyncLifetime
{
    protected PlatformTest(PlatformFixture platform)
    {
        Assert.SkipWhen(platform.Unavailable is not null, platform.Unavailable ?? "");
        Platform = platform;
    }

    protected PlatformFixture Platform { get; }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync() => await Platform.HealthyAsync(Cancellation);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
