using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Sentry.AspNetCore;
using Sentry.Extensibility;
using Sentry.Sending;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("https://key@sentry.example.com/42", "https://sentry.example.com/api/42/envelope/")]
    [InlineData("http://key:secret@127.0.0.1:18888/42", "http://127.0.0.1:18888/api/42/envelope/")]
    [InlineData("http://key@[::1]:9000/a/b/42", "http://[::1]:9000/a/b/api/42/envelope/")]
    public void Dsn_Valid_GivesTheEnvelopeAddress(string dsn, string expected)
    {
        var parsed = Dsn.Parse(dsn);

        Assert.Equal(expected, parsed.EnvelopeUri.AbsoluteUri);
        Assert.Equal("key", parsed.PublicKey);
    }

    [Theory]
    [InlineData("sentry.example.com/42", "not an http or https URL")]
    [InlineData("ftp://key@sentry.example.com/42", "not an http or https URL")]
    [InlineData("https://sentry.example.com/42", "no public key")]
    [InlineData("https://key@sentry.example.com/", "no project id")]
    public void Dsn_Invalid_TheErrorSaysWhatIsMissing(string dsn, string expected)
    {
        var exception = Assert.Throws<ArgumentException>(() => Dsn.Parse(dsn));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(dsn, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UseSentry_NoDsn_TheHostDoesNotStart()
    {
        var exception = await Record.ExceptionAsync(() => TestApp.StartAsync(null, _ => { }));

        Assert.Contains("SENTRY_DSN", Assert.IsType<ArgumentNullException>(exception).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UseSentry_EmptyDsn_TheHostRunsWithoutSentry()
    {
        await using var app = await TestApp.StartAsync("", app => app.MapGet("/", () => "fine"));

        Assert.Equal("fine", await app.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        Assert.False(app.Hub.IsEnabled);
    }

    [Theory]
    [InlineData("Production", true, "production")]
    [InlineData("Staging", true, "staging")]
    [InlineData("Production", false, "Production")]
    [InlineData("Canary", true, "Canary")]
    public async Task Environment_NotSet_IsTheHostsName(string host, bool adjust, string expected)
    {
        await using var app = await TestApp.StartAsync(
            "http://key@127.0.0.1:1/1", _ => { }, options => options.AdjustStandardEnvironmentNameCasing = adjust, host);

        Assert.Equal(expected, ((Hub)app.Hub).Options.Environment);
    }

    [Fact]
    public void UseSentry_ConfigurationSection_IsReadBeforeTheCode()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Sentry:Dsn"] = "http://key@127.0.0.1:1/1",
            ["Sentry:MaxBreadcrumbs"] = "7",
            ["Sentry:Environment"] = "from-configuration",
            ["Sentry:DefaultTags:service"] = "orders",
        });
        builder.WebHost.UseSentry((SentryAspNetCoreOptions options) => options.Environment = "from-code");
        using var services = builder.Services.BuildServiceProvider();

        var options = ((Hub)services.GetRequiredService<ISentryClient>()).Options;

        Assert.Equal("http://key@127.0.0.1:1/1", options.Dsn);
        Assert.Equal(7, options.MaxBreadcrumbs);
        Assert.Equal("orders", options.DefaultTags["service"]);
        Assert.Equal("from-code", options.Environment);
    }

    [Fact]
    public void Options_CannotBeHonoured_NameTheRealPackage()
    {
        Action[] unsupported =
        [
            () => _ = new SentryOptions { AutoSessionTracking = true },
            () => _ = new SentryAspNetCoreOptions { MaxRequestBodySize = RequestSize.Small },
            () => new Hub(new SentryOptions { Dsn = "http://key@127.0.0.1:1/1", TracesSampleRate = 1 }).Dispose(),
        ];

        Assert.All(unsupported, action => Assert.Contains("Sentry.AspNetCore 6.9.0", Assert.Throws<NotSupportedException>(action).Message, StringComparison.Ordinal));
    }
}
