using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Forward;
using Platform.ServerProcesses;
using static Platform.Observatory.Tests.Forwarding;

namespace Platform.Observatory.Tests;

/// <summary>Processes that forward to each other.</summary>
public sealed class ForwardLoopTests
{
    [Fact]
    public async Task Loop_OfTwoProcesses_Ends()
    {
        await using var listener = await ForwardReceiver.StartAsync(grpc: false);
        var (a, b) = (FreePort.Next(), FreePort.Next());
        await using var first = await ObservatoryProcess.StartAsync([
            .. To("b", $"http://127.0.0.1:{b}", grpc: true),
            .. To("seen", listener, grpc: false),
            $"--Kestrel:Endpoints:otlp-grpc:Url=http://127.0.0.1:{a}",
        ]);
        await using var second = await ObservatoryProcess.StartAsync([
            .. To("a", $"http://127.0.0.1:{a}", grpc: true),
            $"--Kestrel:Endpoints:otlp-grpc:Url=http://127.0.0.1:{b}",
        ]);

        await Send.TracesAsync(first, "orders", Telemetry.Span(1));
        await Send.TracesAsync(second, "orders", Telemetry.Span(2));

        // Each rejects what it had received before, and only that.
        await UntilAsync(first, "b", "traces", lane => (Count(lane, "sent"), Count(lane, "refused")) == (1, 1));
        var back = await UntilAsync(second, "a", "traces", lane => (Count(lane, "sent"), Count(lane, "refused")) == (1, 1));
        Assert.Contains("Forwarding loop", (string?)back["lastError"], StringComparison.Ordinal);
        await UntilAsync(() => listener.Spans.Count == 2);

        foreach (var process in new[] { first, second })
        {
            var stats = await process.GetJsonAsync("/api/telemetry/stats");
            Assert.Equal((2, 0, 1), ((int?)stats["spans"]!["stored"], (int?)stats["spans"]!["duplicate"], (int?)stats["refusedRequests"]));
        }
    }

    [Theory]
    [InlineData("a,b,c", 200, null)]
    [InlineData("a,b,c,d", 400, "more than 3 processes")]
    [InlineData("a b", 400, "not readable")]
    [InlineData("", 400, "not readable")]
    public async Task Hops_BeyondThreeOrNotReadable_AreRefusedPermanently(string hops, int status, string? reason)
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        await using var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc: false));
        var body = Telemetry.Request("orders", Telemetry.Span(1)).ToByteArray();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/traces") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new(Send.Protobuf);
        request.Headers.Add(Hops.Header, hops);

        using var response = await process.OtlpHttp.SendAsync(request, TestContext.Current.CancellationToken);
        await Send.TracesAsync(process, "orders", Telemetry.Span(2));

        Assert.Equal(status, (int)response.StatusCode);

        if (reason is not null)
        {
            var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.Contains(reason, Rpc.Status.Parser.ParseFrom(bytes).Message, StringComparison.Ordinal);
        }

        var own = process.Services.GetRequiredService<Hops>().Id;
        await UntilAsync(() => receiver.Spans.Any(span => span.SpanId == Telemetry.Id(2)));
        Assert.Equal(status == 200 ? [$"{hops},{own}", own] : [own], receiver.Requests.Select(each => each.Headers[Hops.Header]));
    }
}
