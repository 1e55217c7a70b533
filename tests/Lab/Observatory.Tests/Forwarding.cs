using System.Text.Json.Nodes;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

/// <summary>Shared by the forwarding tests: settings, figures, polling for a state.</summary>
internal static class Forwarding
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    public static string[] To(string name, ForwardReceiver receiver, bool grpc, params string[] more) =>
        To(name, receiver.Address, grpc, more);

    public static string[] To(string name, string address, bool grpc, params string[] more) =>
        [
            $"--Observatory:Forward:{name}:Endpoint={address}",
            $"--Observatory:Forward:{name}:Protocol={(grpc ? "grpc" : "http/protobuf")}",
            .. more.Select(setting => $"--Observatory:Forward:{name}:{setting}"),
        ];

    public static async Task<JsonNode> LaneAsync(ObservatoryProcess process, string destination, string signal)
    {
        var stats = await process.GetJsonAsync("/api/telemetry/stats");
        return stats["forward"]!.AsArray().Single(each => (string?)each!["name"] == destination)!["signals"]!
            .AsArray()
            .Single(each => (string?)each!["signal"] == signal)!;
    }

    public static long Count(JsonNode lane, string name) => (long)lane[name]!;

    public static async Task<JsonNode> UntilAsync(
        ObservatoryProcess process,
        string destination,
        string signal,
        Func<JsonNode, bool> condition
    )
    {
        JsonNode? last = null;
        await UntilAsync(async () => condition(last = await LaneAsync(process, destination, signal)), () => last?.ToJsonString());
        return last!;
    }

    public static Task UntilAsync(Func<bool> condition, Func<string?>? seen = null) => UntilAsync(() => Task.FromResult(condition()), seen);

    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string?>? seen = null)
    {
        var began = TimeProvider.System.GetTimestamp();

        while (!await condition())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(began) < Deadline,
                $"It did not come to that in {Deadline}; last seen: {seen?.Invoke()}"
            );
            await Task.Delay(PollInterval, TestContext.Current.CancellationToken);
        }
    }

    public static string TraceId(int number) => $"{number + 1:x8}8038103d269b6338{number + 1:x8}";

    public static string TraceOf(Span span) => Convert.ToHexStringLower(span.TraceId.Span);

    public static string TraceOf(LogRecord log) => Convert.ToHexStringLower(log.TraceId.Span);
}
