using Google.Protobuf;
using Platform.Observatory.Ingest;

namespace Platform.Observatory.Tests;

public sealed class GrpcIngestTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Export_AllSignals_AnswersOkInTrailers(bool gzip)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var traces = await Send.GrpcAsync(process, Send.TracesMethod, Telemetry.Request("orders", Telemetry.Span(1)), gzip);
        var logs = await Send.GrpcAsync(process, Send.LogsMethod, Telemetry.Request("orders", Telemetry.Log("one")), gzip);
        var metrics = await Send.GrpcAsync(process, Send.MetricsMethod, Telemetry.Metrics("orders", 2), gzip);

        Assert.All([traces, logs, metrics], answer => Assert.Equal((200, 0, 5), (answer.HttpStatus, answer.Status, answer.Body.Length)));
        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        Assert.Equal(1, (int?)stats["spans"]!["stored"]);
        Assert.Equal(1, (int?)stats["logs"]!["stored"]);
        Assert.Equal(2, (int?)stats["metrics"]!["received"]);
    }

    [Fact]
    public async Task Export_WithABadSpan_SaysPartialSuccess()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var answer = await Send.GrpcAsync(process, Send.TracesMethod, Telemetry.Request("orders", Telemetry.Span(1), Telemetry.Span(0)));

        Assert.Equal(0, answer.Status);
        Assert.Equal(1, answer.Export.PartialSuccess.Rejected);
    }

    [Fact]
    public async Task Export_WithoutTheKey_IsUnauthenticated()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:OtlpApiKey=secret");
        var request = Telemetry.Request("orders", Telemetry.Span(1));

        var without = await Send.GrpcAsync(process, Send.TracesMethod, request);
        var right = await Send.GrpcAsync(process, Send.TracesMethod, request, key: "secret");

        Assert.Equal((GrpcStatusCode.Unauthenticated, GrpcStatusCode.Ok), ((GrpcStatusCode)without.Status, (GrpcStatusCode)right.Status));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Export_LargerThanALimit_IsResourceExhausted(bool gzip)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxBodyBytes=10000", "--Observatory:MaxDecompressedBytes=20000");
        var request = Telemetry.Request("orders", Telemetry.Span(1, name: new string('x', 30_000)));

        var answer = await Send.GrpcAsync(process, Send.TracesMethod, request, gzip);

        Assert.Equal(GrpcStatusCode.ResourceExhausted, (GrpcStatusCode)answer.Status);
    }

    [Fact]
    public async Task Export_UnknownMethodOrEncoding_IsUnimplemented()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var method = await Send.GrpcAsync(process, "/grpc.health.v1.Health/Check", Send.Frame([]));
        var encoding = await Send.GrpcAsync(process, Send.TracesMethod, Send.Frame([1], compressed: true), "zstd");

        Assert.Equal((GrpcStatusCode.Unimplemented, GrpcStatusCode.Unimplemented), ((GrpcStatusCode)method.Status, (GrpcStatusCode)encoding.Status));
    }

    [Fact]
    public async Task Export_FrameCutAtEveryByte_IsInvalidArgument()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var frame = Send.Frame(Telemetry.Request("orders", Telemetry.FullSpan()).ToByteArray());

        for (var length = 0; length < frame.Length; length++)
        {
            var answer = await Send.GrpcAsync(process, Send.TracesMethod, frame[..length]);

            Assert.Equal((length, GrpcStatusCode.InvalidArgument), (length, (GrpcStatusCode)answer.Status));
        }
    }

    [Fact]
    public async Task Export_TwoMessagesInOneCall_IsInvalidArgument()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var frame = Send.Frame(Telemetry.Request("orders", Telemetry.Span(1)).ToByteArray());

        var answer = await Send.GrpcAsync(process, Send.TracesMethod, [.. frame, .. frame]);

        Assert.Equal(GrpcStatusCode.InvalidArgument, (GrpcStatusCode)answer.Status);
    }
}
