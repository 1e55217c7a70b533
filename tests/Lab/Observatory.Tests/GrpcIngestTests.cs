using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Receiving;

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

        Assert.Equal((StatusCode.Unauthenticated, StatusCode.OK), ((StatusCode)without.Status, (StatusCode)right.Status));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Export_LargerThanALimit_IsResourceExhausted(bool gzip)
    {
        await using var process = await ObservatoryProcess.StartAsync(
            "--Observatory:MaxBodyBytes=10000",
            "--Observatory:MaxDecompressedBytes=20000"
        );
        var request = Telemetry.Request("orders", Telemetry.Span(1, name: new string('x', 30_000)));

        var answer = await Send.GrpcAsync(process, Send.TracesMethod, request, gzip);

        Assert.Equal(StatusCode.ResourceExhausted, (StatusCode)answer.Status);
    }

    [Fact]
    public async Task Export_UnknownMethodOrEncoding_IsUnimplemented()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var method = await Send.GrpcAsync(process, "/grpc.health.v1.Health/Check", Send.Frame([]));
        var encoding = await Send.GrpcAsync(process, Send.TracesMethod, Send.Frame([1], compressed: true), "zstd");

        Assert.Equal((StatusCode.Unimplemented, StatusCode.Unimplemented), ((StatusCode)method.Status, (StatusCode)encoding.Status));
    }

    [Fact]
    public async Task Export_FrameCutAtEveryByte_IsInvalidArgument()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var frame = Send.Frame(Telemetry.Request("orders", Telemetry.FullSpan()).ToByteArray());

        for (var length = 0; length < frame.Length; length++)
        {
            var answer = await Send.GrpcAsync(process, Send.TracesMethod, frame[..length]);

            Assert.Equal((length, StatusCode.InvalidArgument), (length, (StatusCode)answer.Status));
        }
    }

    [Fact]
    public async Task Export_TwoMessagesInOneCall_IsInvalidArgument()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var frame = Send.Frame(Telemetry.Request("orders", Telemetry.Span(1)).ToByteArray());

        var answer = await Send.GrpcAsync(process, Send.TracesMethod, [.. frame, .. frame]);

        Assert.Equal(StatusCode.InvalidArgument, (StatusCode)answer.Status);
    }

    [Fact]
    public async Task Export_MoreThanTheFrameworksUsualFourMebibytes_IsTaken()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var spans = Enumerable.Range(1, 100).Select(id => Telemetry.Span((ulong)id, name: new string('x', 50_000)));

        var answer = await Send.GrpcAsync(process, Send.TracesMethod, Telemetry.Request("orders", [.. spans]));

        Assert.Equal((StatusCode.OK, 5), ((StatusCode)answer.Status, answer.Body.Length));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Export_BeyondTheBodyBudget_IsUnavailableAndReleasesItAgain(bool gzip)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxBodyBytesInFlight=1048576");
        var spans = Enumerable.Range(1, 30).Select(id => Telemetry.Span((ulong)id, name: new string('x', 50_000)));
        var large = Telemetry.Request("orders", [.. spans]);

        for (var time = 0; time < 3; time++)
        {
            var refused = await Send.GrpcAsync(process, Send.TracesMethod, large, gzip);
            var taken = await Send.GrpcAsync(process, Send.TracesMethod, Telemetry.Request("orders", Telemetry.Span(1)), gzip);

            Assert.Equal((StatusCode.Unavailable, StatusCode.OK), ((StatusCode)refused.Status, (StatusCode)taken.Status));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Export_WithAnEncoding_IsCompressedWhenTheMessageSaysSo(bool compressed)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var message = Telemetry.Request("orders", Telemetry.Span(1)).ToByteArray();

        var frame = Send.Frame(compressed ? Send.Gzip(message) : message, compressed);
        var answer = await Send.GrpcAsync(process, Send.TracesMethod, frame, "gzip");

        Assert.Equal(StatusCode.OK, (StatusCode)answer.Status);
        Assert.Equal(1, (int?)(await process.GetJsonAsync("/api/telemetry/stats"))["spans"]!["stored"]);
    }

    [Fact]
    public async Task Export_BytesThatAreNoMessage_IsInvalidArgument()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        var zipped = await Send.GrpcAsync(process, Send.TracesMethod, Send.Frame([1, 2, 3], compressed: true), "gzip");
        var unnamed = await Send.GrpcAsync(process, Send.TracesMethod, Send.Frame(Send.Gzip([]), compressed: true));
        var flag = await Send.GrpcAsync(process, Send.TracesMethod, [7, 0, 0, 0, 0]);
        var length = await Send.GrpcAsync(process, Send.TracesMethod, [0, 255, 255, 255, 255, 1]);
        var protobuf = await Send.GrpcAsync(process, Send.TracesMethod, Send.Frame([255, 255]));

        GrpcAnswer[] answers = [zipped, unnamed, flag, length, protobuf];
        Assert.All(answers, answer => Assert.Equal(StatusCode.InvalidArgument, (StatusCode)answer.Status));
    }

    [Fact]
    public async Task Export_Refused_IsCountedByReason()
    {
        await using var process = await ObservatoryProcess.StartAsync(
            "--Observatory:OtlpApiKey=secret",
            "--Observatory:MaxBodyBytes=10000"
        );
        var request = Telemetry.Request("orders", Telemetry.Span(1));

        await Send.GrpcAsync(process, Send.TracesMethod, request);
        await Send.GrpcAsync(process, Send.TracesMethod, Send.Frame([1], compressed: true), "zstd", "secret");
        await Send.GrpcAsync(process, "/grpc.health.v1.Health/Check", Send.Frame([]), key: "secret");
        await Send.GrpcAsync(process, Send.TracesMethod, [0, 0], key: "secret");
        await Send.GrpcAsync(process, Send.TracesMethod, Send.Frame(new byte[20_000]), key: "secret");
        await Send.GrpcAsync(process, Send.TracesMethod, request, key: "secret");

        var counts = process.Services.GetRequiredService<RefusalLog>().Counts;
        Assert.Equal(
            [Refusal.Malformed, Refusal.TooLarge, Refusal.Unauthenticated, Refusal.UnsupportedEncoding, Refusal.NotFound],
            counts.Where(count => count.Value == 1).Select(count => count.Key).Order()
        );
        Assert.Equal(5, counts.Values.Sum());
    }
}
