using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Platform.Sentry.AspNetCore.Tests.Support;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class OutgoingRequestTests
{
    [Theory]
    [InlineData(true, false, 1)]
    [InlineData(false, false, 0)]
    [InlineData(true, true, 0)]
    public async Task HttpClient_CalleeFails_IsAnEventInTheCallerUnlessSwitchedOff(bool capture, bool disableHandler, int expected)
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        await using var app = await TestApp.StartAsync(
            receiver.Dsn,
            app => app.MapGet("/broken", () => Results.StatusCode(503)),
            options =>
            {
                options.CaptureFailedRequests = capture;
                options.DisableSentryHttpMessageHandler = disableHandler;
            },
            build: builder => builder.Services.AddHttpClient());
        using var client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();

        await client.GetAsync(new Uri(app.Client.BaseAddress!, "/broken?card=4111111111111111"), TestContext.Current.CancellationToken);
        await app.StopAsync();

        Assert.Equal(expected, receiver.Events.Count);
        Assert.All(receiver.Events, evt =>
        {
            Assert.Equal(503, evt.GetProperty("contexts").GetProperty("response").GetProperty("status_code").GetInt32());
            Assert.DoesNotContain("4111111111111111", evt.GetRawText(), StringComparison.Ordinal);
            Assert.Contains(evt.GetProperty("breadcrumbs").EnumerateArray(), breadcrumb => breadcrumb.GetProperty("category").GetString() == "http");
        });
    }
}
