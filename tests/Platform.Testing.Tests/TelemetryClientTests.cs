using System.Net;

namespace Platform.Testing.Tests;

/// <summary>What a wait for a trace says when it is in vain. The other side is a handler that answers as a dashboard would.</summary>
public sealed class TelemetryClientTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wait_TraceIncomplete_PrintsWhatHadArrived()
    {
        using var http = Answering(
            HttpStatusCode.OK,
            """
            {"data":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}}]},
            "scopeSpans":[{"scope":{},"spans":[{"traceId":"t","spanId":"01","name":"send orders","kind":4,"startTimeUnixNano":"1"}]}]}]}}
            """
        );

        var failure = await FailsAsync<TraceAssertionException>(http);

        Assert.Contains("it is there: not within 0.1 s", failure.Message, StringComparison.Ordinal);
        Assert.Contains("orders: send orders <producer>", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_OtherSideFails_SaysSo()
    {
        using var http = Answering(HttpStatusCode.ServiceUnavailable, "");

        var failure = await FailsAsync<TraceAssertionException>(http);

        Assert.Contains("The last request failed", failure.Message, StringComparison.Ordinal);
        Assert.Contains("503", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_WrongKey_EndsAtOnce()
    {
        using var http = Answering(HttpStatusCode.Unauthorized, "");

        var failure = await FailsAsync<HttpRequestException>(http);

        Assert.Equal(HttpStatusCode.Unauthorized, failure.StatusCode);
    }

    private static Task<TException> FailsAsync<TException>(HttpClient http)
        where TException : Exception =>
        Assert.ThrowsAsync<TException>(() =>
            new TelemetryClient(http).WaitForTraceAsync("t", _ => false, "it is there", Cancellation, Soon)
        );

    private static HttpClient Answering(HttpStatusCode status, string json) =>
        new(new Handler(status, json)) { BaseAddress = new Uri("http://dashboard.invalid") };

    private sealed class Handler(HttpStatusCode status, string json) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(json) });
    }
}
