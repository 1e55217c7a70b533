using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

/// <summary>Shared by the forwarding tests: settings, figures, polling for a state.</summary>
internal static class Forwarding
{
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

    public static Task<JsonNode> UntilAsync(
        ObservatoryProcess process,
        string destination,
        string signal,
        Func<JsonNode, bool> condition,
        [CallerArgumentExpression(nameof(condition))] string what = ""
    ) => Eventually.GetAsync(() => LaneAsync(process, destination, signal), condition, $"{signal} of {destination}: {what}");

    public static Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Eventually.TrueAsync(condition, what);

    public static Task UntilAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Eventually.TrueAsync(condition, what);

    public static string TraceId(int number) => $"{number + 1:x8}8038103d269b6338{number + 1:x8}";

    public static string TraceOf(Span span) => Convert.ToHexStringLower(span.TraceId.Span);

    public static string TraceOf(LogRecord log) => Convert.ToHexStringLower(log.TraceId.Span);
}
