using System.Text.Json;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Api;

/// <summary>
/// Streams records as OTLP JSON: grouped by resource and scope inside an envelope
/// <c>{"data":{"resourceSpans":[..]},"totalCount":2,"returnedCount":2}</c>.
/// </summary>
internal sealed class TelemetryResponse(HttpResponse response)
{
    private const int FlushBytes = 64 << 10;

    // The writer's own limit is 1,000; values nest up to 100 deep at three levels each.
    private static readonly JsonWriterOptions WriterOptions = new() { MaxDepth = 1_000 };

    /// <summary>Each group is written contiguously, so that the spans of a trace stay together.</summary>
    public async Task WriteAsync(
        Signal signal,
        IEnumerable<IReadOnlyList<TelemetryRecord>> groups,
        int totalCount,
        int returnedCount,
        Action<Utf8JsonWriter>? more,
        CancellationToken cancellationToken
    )
    {
        response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(response.BodyWriter, WriterOptions);
        writer.WriteStartObject();
        writer.WriteStartObject("data");
        writer.WriteStartArray(Names(signal).Resources);

        foreach (var group in groups)
        {
            foreach (var resource in group.GroupBy(record => record.Origin.Resource))
            {
                await WriteResourceAsync(writer, signal, resource.Key, resource, cancellationToken);
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteNumber("totalCount", totalCount);
        writer.WriteNumber("returnedCount", returnedCount);
        more?.Invoke(writer);
        writer.WriteEndObject();
    }

    /// <summary>One line of the live stream: one record with its resource and scope.</summary>
    public async Task WriteLineAsync(Signal signal, TelemetryRecord record, CancellationToken cancellationToken)
    {
        await using (var writer = new Utf8JsonWriter(response.BodyWriter, WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteStartArray(Names(signal).Resources);
            await WriteResourceAsync(writer, signal, record.Origin.Resource, [record], cancellationToken);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        await response.BodyWriter.WriteAsync("\n"u8.ToArray(), cancellationToken);
    }

    private async Task WriteResourceAsync(
        Utf8JsonWriter writer,
        Signal signal,
        OriginResource resource,
        IEnumerable<TelemetryRecord> records,
        CancellationToken cancellationToken
    )
    {
        var (_, scopes, items) = Names(signal);
        writer.WriteStartObject();
        OtlpJsonWriter.WriteResource(writer, resource);
        writer.WriteStartArray(scopes);

        foreach (var scope in records.GroupBy(record => record.Origin))
        {
            writer.WriteStartObject();
            OtlpJsonWriter.WriteScope(writer, scope.Key);
            writer.WriteStartArray(items);

            foreach (var record in scope)
            {
                OtlpJsonWriter.WriteRecord(writer, record);

                if (writer.BytesPending > FlushBytes)
                {
                    await writer.FlushAsync(cancellationToken);
                    await response.BodyWriter.FlushAsync(cancellationToken);
                }
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static (string Resources, string Scopes, string Items) Names(Signal signal) =>
        signal == Signal.Traces ? ("resourceSpans", "scopeSpans", "spans") : ("resourceLogs", "scopeLogs", "logRecords");
}
