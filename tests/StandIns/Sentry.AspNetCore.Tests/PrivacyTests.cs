using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Sentry.AspNetCore.Tests.Support;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class PrivacyTests
{
    private static readonly string[] Secrets =
    [
        "4111111111111111", "ada@example.com", "sid-77c1", "bearer-5e0f", "key-81aa", "203.0.113.9", Environment.MachineName,
    ];

    [Fact]
    public async Task Request_CarriesPersonalData_NoneOfItIsInAnyEnvelope()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await StartAsync(receiver, sendDefaultPii: false);

        await SendAsync(app);

        var text = string.Concat((await receiver.WaitAsync(2)).Select(envelope => envelope.Text));
        Assert.All(Secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.All(receiver.Events, evt =>
        {
            Assert.Equal("[Filtered]", evt.GetProperty("request").GetProperty("headers").GetProperty("Authorization").GetString());
            Assert.False(evt.TryGetProperty("user", out _));
        });
    }

    [Fact]
    public async Task SendDefaultPii_Switched_SendsEverythingButAuthorization()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await StartAsync(receiver, sendDefaultPii: true);

        await SendAsync(app);

        await receiver.WaitAsync(2);
        var evt = receiver.Events[^1];
        var request = evt.GetProperty("request");
        Assert.Contains("4111111111111111", request.GetProperty("query_string").GetString(), StringComparison.Ordinal);
        Assert.Equal("session=sid-77c1", request.GetProperty("cookies").GetString());
        Assert.Equal("key-81aa", request.GetProperty("headers").GetProperty("X-Api-Key").GetString());
        Assert.Equal("[Filtered]", request.GetProperty("headers").GetProperty("Authorization").GetString());
        Assert.Equal("127.0.0.1", evt.GetProperty("user").GetProperty("ip_address").GetString());
        Assert.Equal(Environment.MachineName, evt.GetProperty("server_name").GetString());
    }

    private static Task<TestApp> StartAsync(EnvelopeReceiver receiver, bool sendDefaultPii) => TestApp.StartAsync(
        receiver.Dsn,
        app => app.MapPost("/orders", void (ILogger<PrivacyTests> logger) =>
        {
            logger.LogError("The order cannot be priced");
            throw new InvalidOperationException("The order cannot be priced.");
        }),
        options => options.SendDefaultPii = sendDefaultPii,
        build: builder => builder.Services.AddSingleton<ILoggerProvider>(_ => new SilentProvider()));

    private static async Task SendAsync(TestApp app)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders?card=4111111111111111&mail=ada@example.com");
        request.Headers.Add("Authorization", "Bearer bearer-5e0f");
        request.Headers.Add("Proxy-Authorization", "Basic bearer-5e0f");
        request.Headers.Add("Cookie", "session=sid-77c1");
        request.Headers.Add("X-Api-Key", "key-81aa");
        request.Headers.Add("X-Card", "4111111111111111");
        request.Headers.Add("From", "ada@example.com");
        request.Headers.Add("X-Forwarded-For", "203.0.113.9");
        request.Headers.Add("Referer", "http://shop/?mail=ada@example.com");
        request.Content = new StringContent("""{"card":"4111111111111111"}""", Encoding.UTF8, "application/json");
        await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Another provider, so that the framework's own request lines are written.</summary>
    private sealed class SilentProvider : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public void Dispose()
        {
        }
    }
}
