using System.Text.Json;
using Sentry;

namespace Platform.Sentry.AspNetCore.Tests.Support;

/// <summary>A receiver and a hub that sends to it, without a host.</summary>
internal sealed class HubTest : IAsyncDisposable
{
    private HubTest(EnvelopeReceiver receiver, Hub hub)
    {
        Receiver = receiver;
        Hub = hub;
    }

    public EnvelopeReceiver Receiver { get; }

    public Hub Hub { get; }

    public static async Task<HubTest> StartAsync(Action<SentryOptions>? configure = null)
    {
        var receiver = await EnvelopeReceiver.StartAsync();
        var options = new SentryOptions { Dsn = receiver.Dsn };

        // The test runner's own tasks are not part of any test.
        options.DisableUnobservedTaskExceptionCapture();
        configure?.Invoke(options);
        return new HubTest(receiver, new Hub(options));
    }

    /// <summary>The one event that has been captured so far.</summary>
    public Task<JsonElement> EventAsync() => Receiver.EventAsync();

    /// <summary>Sends everything, and returns what has arrived.</summary>
    public EnvelopeReceiver Finish()
    {
        Hub.Dispose();
        return Receiver;
    }

    public ValueTask DisposeAsync()
    {
        Hub.Dispose();
        return Receiver.DisposeAsync();
    }
}
