namespace Platform.Tests.Support;

/// <summary>A test with services of its own - outbox, relay, consumer - on the platform's servers.</summary>
public abstract class MessagingTest(PlatformFixture platform) : PlatformTest(platform)
{
    protected MessagingHost Services { get; } = new(platform);

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Services.CreateAsync(Cancellation);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Services.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
