using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Platform.Tests.Support;

/// <summary>What a service wrote to its console.</summary>
public static class ConsoleLines
{
    /// <summary>
    /// All lines that the service has written since it was started last; what the orchestrator says between them is left out.
    /// </summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(
        DistributedApplication app,
        string service,
        CancellationToken cancellationToken
    )
    {
        var loggers = app.Services.GetRequiredService<ResourceLoggerService>();
        var resource = app
            .Services.GetRequiredService<DistributedApplicationModel>()
            .Resources.Single(resource => resource.Name == service);
        var lines = new List<string>();
        await foreach (var batch in loggers.GetAllAsync(resource).WithCancellation(cancellationToken))
        {
            lines.AddRange(batch.Select(line => line.Content).Where(line => !line.Contains("[sys] ", StringComparison.Ordinal)));
        }

        return lines;
    }

    /// <summary>The lines that are JSON objects; those of runs in Development are text.</summary>
    public static async Task<IReadOnlyList<JsonElement>> ReadJsonAsync(
        PlatformFixture platform,
        string service,
        CancellationToken cancellationToken
    ) => ParseJson(await ReadAsync(platform.App, service, cancellationToken));

    public static IReadOnlyList<JsonElement> ParseJson(IReadOnlyList<string> lines) =>
        [
            // "2026-11-21T04:45:29.8498584Z {...}"
            .. from line in lines
            let start = line.IndexOf('{', StringComparison.Ordinal)
            where start >= 0 && line.EndsWith('}') && line.Contains("\"timestamp\"", StringComparison.Ordinal)
            select JsonSerializer.Deserialize<JsonElement>(line[start..]),
        ];

    /// <summary>
    /// The JSON lines that fulfil the condition, once there are any: a line passes through a pipe, and comes later than what it tells of.
    /// </summary>
    public static async Task<IReadOnlyList<JsonElement>> WaitForAsync(
        PlatformFixture platform,
        string service,
        Func<JsonElement, bool> condition,
        string what,
        CancellationToken cancellationToken
    ) =>
        await Eventually.GetAsync(
            async () => (IReadOnlyList<JsonElement>)[.. (await ReadJsonAsync(platform, service, cancellationToken)).Where(condition)],
            lines => lines.Count > 0,
            $"{service} writes a line {what}"
        );

    public static string? Text(this JsonElement line, string field) => line.TryGetProperty(field, out var value) ? value.ToString() : null;
}
