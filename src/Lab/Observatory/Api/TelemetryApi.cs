using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Platform.Observatory.Envelopes;
using Platform.Observatory.Forward;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Receiving;
using Platform.Observatory.Releases;
using Platform.Observatory.Storage;
using Platform.Observatory.Store;
using Platform.Observatory.Text;
using Platform.Observatory.Traces;

namespace Platform.Observatory.Api;

/// <summary>The query API. Paths and parameters are those of Aspire's telemetry API.</summary>
internal sealed class TelemetryApi(
    TelemetryStore store,
    RefusalLog refusals,
    IssueStore issues,
    ItemCounters items,
    HistoryLog history,
    Forwarder forwarder,
    DeployStore deploys,
    TimeProvider time,
    IHostApplicationLifetime lifetime
)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/telemetry");
        api.MapGet("/resources", (TelemetryStore store) => TypedResults.Ok(store.Resources.All()));
        api.MapGet("/stats", (TelemetryApi telemetry) => telemetry.Stats());
        api.MapGet(
            "/spans",
            (TelemetryApi telemetry, TelemetryStore store, HttpContext context) =>
                telemetry.RecordsAsync(context, Signal.Traces, store.Spans)
        );
        api.MapGet(
            "/logs",
            (TelemetryApi telemetry, TelemetryStore store, HttpContext context) => telemetry.RecordsAsync(context, Signal.Logs, store.Logs)
        );
        api.MapGet("/traces", (TelemetryApi telemetry, HttpContext context) => telemetry.TracesAsync(context));
        api.MapGet(
            "/traces/{traceId}",
            (TelemetryApi telemetry, string traceId, HttpContext context) => telemetry.TraceAsync(traceId, context)
        );
    }

    private Ok<TelemetryStats> Stats() => TypedResults.Ok(TelemetryStats.Of(store, refusals, issues, items, history, forwarder));

    private async Task<IResult> RecordsAsync<TRecord>(HttpContext context, Signal signal, SignalStore<TRecord> records)
        where TRecord : TelemetryRecord
    {
        if (!TelemetryQuery.TryParse(context.Request.Query, signal, out var query, out var error))
        {
            return BadQuery(error);
        }

        if (query.Follow)
        {
            return await FollowAsync(context, signal, records, query);
        }

        var (total, newest) = Newest(records.Snapshot(), query);
        await new TelemetryResponse(context.Response).WriteAsync(
            signal,
            [newest],
            total,
            newest.Count,
            query.TraceId is { } id ? writer => WriteLinks(writer, id, store.Spans.Trace(id)) : null,
            context.RequestAborted
        );
        return TypedResults.Empty;
    }

    private async Task<IResult> TracesAsync(HttpContext context)
    {
        if (!TelemetryQuery.TryParse(context.Request.Query, Signal.Traces, out var query, out var error))
        {
            return BadQuery(error);
        }

        var traces = TraceGroups.Matching(store.Spans.Snapshot(), query);
        var newest = traces.TakeLast(query.Limit).ToList();
        await new TelemetryResponse(context.Response).WriteAsync(
            Signal.Traces,
            newest,
            traces.Count,
            newest.Count,
            null,
            context.RequestAborted
        );
        return TypedResults.Empty;
    }

    private async Task<IResult> TraceAsync(string traceId, HttpContext context)
    {
        var spans = TelemetryQuery.TryParseTraceId(traceId, out var id) ? store.Spans.Trace(id) : [];

        if (spans.Count == 0)
        {
            return TypedResults.Problem(
                "No span of this trace is in the store.",
                statusCode: StatusCodes.Status404NotFound,
                title: "Unknown trace"
            );
        }

        await new TelemetryResponse(context.Response).WriteAsync(
            Signal.Traces,
            [spans],
            spans.Count,
            spans.Count,
            writer =>
            {
                WriteDuplicates(writer, spans);
                WriteLinks(writer, id, spans);
            },
            context.RequestAborted
        );
        return TypedResults.Empty;
    }

    private void WriteLinks(Utf8JsonWriter writer, UInt128 trace, IReadOnlyList<StoredSpan> spans) =>
        TraceLinks.Of(trace, spans, issues, deploys, time.GetUtcNow()).Write(writer, Ids.Trace(trace));

    private async Task<IResult> FollowAsync<TRecord>(HttpContext context, Signal signal, SignalStore<TRecord> records, TelemetryQuery query)
        where TRecord : TelemetryRecord
    {
        if (records.Follow() is not { } live)
        {
            context.Response.Headers.RetryAfter = "10";
            return TypedResults.Problem("Too many live streams are open.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);

        try
        {
            context.Response.ContentType = "application/x-ndjson";
            var response = new TelemetryResponse(context.Response);

            foreach (var record in Newest(live.Present, query).Records)
            {
                await response.WriteLineAsync(signal, record, ended.Token);
            }

            // The first flush also sends the headers, so that the client knows it is connected.
            await context.Response.BodyWriter.FlushAsync(ended.Token);

            await foreach (var record in live.Follower.Reader.ReadAllAsync(ended.Token))
            {
                if (query.Matches(record))
                {
                    await response.WriteLineAsync(signal, record, ended.Token);
                    await context.Response.BodyWriter.FlushAsync(ended.Token);
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client disconnected, or the process is stopping.
        }
        catch (FollowerLaggedException)
        {
            // The client sees a broken response and knows that it missed records.
            context.Abort();
        }
        finally
        {
            records.Unfollow(live.Follower);
        }

        return TypedResults.Empty;
    }

    /// <summary>The newest records that match, oldest first, and how many match in all.</summary>
    public static (int Total, List<TRecord> Records) Newest<TRecord>(TRecord[] records, TelemetryQuery query)
        where TRecord : TelemetryRecord
    {
        var total = 0;
        var newest = new List<TRecord>();

        for (var index = records.Length - 1; index >= 0; index--)
        {
            if (query.Matches(records[index]))
            {
                total++;

                if (newest.Count < query.Limit)
                {
                    newest.Add(records[index]);
                }
            }
        }

        newest.Reverse();
        return (total, newest);
    }

    private static void WriteDuplicates(Utf8JsonWriter writer, IReadOnlyList<StoredSpan> spans)
    {
        writer.WriteStartArray("duplicates");

        foreach (var span in spans.Where(span => span.Received > 1))
        {
            writer.WriteStartObject();
            writer.WriteString("spanId", Ids.Span(span.SpanId));
            writer.WriteNumber("received", span.Received);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static ProblemHttpResult BadQuery(string error) =>
        TypedResults.Problem(error, statusCode: StatusCodes.Status400BadRequest, title: "Bad query");
}
