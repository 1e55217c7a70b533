using Microsoft.Extensions.Logging;

namespace Sentry.Extensions.Logging;

[ProviderAlias("Sentry")]
internal sealed class SentryLoggerProvider(Hub hub) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new SentryLogger(categoryName, hub, (SentryLoggingOptions)hub.Options);

    public void Dispose()
    {
        // The hub is the container's to dispose.
    }
}
