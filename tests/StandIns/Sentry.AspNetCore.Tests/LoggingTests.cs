using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Sentry.Extensions.Logging;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class LoggingTests
{
    private static readonly EventId PricingFailed = new(2101, "PricingFailed");

    [Fact]
    public async Task LogError_AfterOtherLines_IsAnEventWithThemAsBreadcrumbs()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var services = Build(receiver.Dsn);
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Platform.Orders");
        var exception = new InvalidOperationException("no price");

        logger.LogDebug("not kept");
        logger.LogInformation("Order {OrderId} received", 7);
        logger.LogWarning("Stock is low");
        logger.LogError(PricingFailed, exception, "Order {OrderId} of {Tenant} has no price", 7, "acme");

        var evt = await receiver.EventAsync();
        Assert.Equal("Platform.Orders", evt.GetProperty("logger").GetString());
        Assert.Equal("Order {OrderId} of {Tenant} has no price", evt.GetProperty("logentry").GetProperty("message").GetString());
        Assert.Equal("Order 7 of acme has no price", evt.GetProperty("logentry").GetProperty("formatted").GetString());
        Assert.Equal("no price", evt.GetProperty("exception").GetProperty("values")[0].GetProperty("value").GetString());
        Assert.Equal("acme", evt.GetProperty("tags").GetProperty("Tenant").GetString());
        Assert.Equal("PricingFailed", evt.GetProperty("tags").GetProperty("eventId").GetString());
        Assert.Equal(
            ["info Order 7 received", "warning Stock is low"],
            evt.GetProperty("breadcrumbs").EnumerateArray().Select(breadcrumb =>
                $"{breadcrumb.GetProperty("level").GetString()} {breadcrumb.GetProperty("message").GetString()}"));
    }

    [Fact]
    public async Task LogError_LevelsAreRaised_NothingIsAnEvent()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var services = Build(receiver.Dsn, options =>
        {
            options.MinimumEventLevel = LogLevel.None;
            options.MinimumBreadcrumbLevel = LogLevel.Warning;
        });
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Platform.Orders");

        logger.LogInformation("quiet");
        logger.LogCritical("loud");
        services.GetRequiredService<IHub>().CaptureMessage("now");

        var evt = await receiver.EventAsync();
        Assert.Equal("now", evt.GetProperty("logentry").GetProperty("message").GetString());
        var breadcrumb = Assert.Single(evt.GetProperty("breadcrumbs").EnumerateArray());
        Assert.Equal("fatal", breadcrumb.GetProperty("level").GetString());
    }

    [Fact]
    public async Task LogError_ExceptionIsCapturedAgainLater_IsOneEvent()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var services = Build(receiver.Dsn);
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Platform.Payments");
        var exception = new TimeoutException("acquirer");

        logger.LogError(exception, "Charge failed");
        services.GetRequiredService<IHub>().CaptureException(exception);
        await services.DisposeAsync();

        Assert.Single(receiver.Events);
    }

    [Fact]
    public async Task BeginScope_KeyValuePairs_AreTagsWhileItIsOpen()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var services = Build(receiver.Dsn);
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Platform.Worker");

        using (logger.BeginScope("job {Job}", "send-receipts"))
        {
            logger.LogError("inside");
        }

        logger.LogError("outside");
        await services.DisposeAsync();

        Assert.Equal("send-receipts", receiver.Events[0].GetProperty("tags").GetProperty("Job").GetString());
        Assert.False(receiver.Events[1].TryGetProperty("tags", out _));
    }

    [Fact]
    public async Task AddLogEntryFilter_LineMatches_IsNeitherEventNorBreadcrumb()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var services = Build(receiver.Dsn, options => options.AddLogEntryFilter((category, _, _, _) => category == "Noise"));

        services.GetRequiredService<ILoggerFactory>().CreateLogger("Noise").LogError("ignored");
        services.GetRequiredService<IHub>().CaptureMessage("now");

        Assert.False((await receiver.EventAsync()).TryGetProperty("breadcrumbs", out _));
    }

    private static ServiceProvider Build(string dsn, Action<SentryLoggingOptions>? configure = null) =>
        new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug).AddSentry(options =>
            {
                options.Dsn = dsn;
                options.DisableUnobservedTaskExceptionCapture();
                configure?.Invoke(options);
            }))
            .BuildServiceProvider();
}
