using System.Text.Json;

namespace Platform.Observatory.Bench;

/// <summary>Statistics of Observatory. The response waits until everything accepted before is stored.</summary>
internal sealed class Stats(Child child)
{
    public async Task<StoreFigures> ReadAsync(CancellationToken cancellationToken)
    {
        await using var answer = await child.Http.GetStreamAsync(new Uri("/api/telemetry/stats", UriKind.Relative), cancellationToken);
        using var document = await JsonDocument.ParseAsync(answer, cancellationToken: cancellationToken);
        var spans = document.RootElement.GetProperty("spans");
        var history = document.RootElement.GetProperty("history");
        return new StoreFigures(
            spans.GetProperty("received").GetInt64(),
            spans.GetProperty("stored").GetInt32(),
            spans.GetProperty("traces").GetInt32(),
            spans.GetProperty("duplicate").GetInt64(),
            spans.GetProperty("evicted").GetInt64(),
            spans.GetProperty("storedBytes").GetInt64(),
            history.GetProperty("telemetry").GetProperty("written").GetInt64(),
            history.GetProperty("telemetry").GetProperty("bytesOnDisk").GetInt64(),
            history.GetProperty("dropped").GetInt64()
        );
    }
}

internal sealed record StoreFigures(
    long Received,
    int Stored,
    int Traces,
    long Duplicate,
    long Evicted,
    long StoredBytes,
    long HistoryWritten,
    long HistoryBytes,
    long HistoryDropped
);
