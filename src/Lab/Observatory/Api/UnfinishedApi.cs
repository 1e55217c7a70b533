using System.Globalization;
using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Api;

/// <summary><c>/api/telemetry/unfinished?started=order.placed&amp;completed=order.completed&amp;olderThan=60</c></summary>
internal static class UnfinishedApi
{
    private const int MaxNameLength = 200;
    private const int MaxSeconds = 30 * 86_400;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/telemetry/unfinished", Find);

    private static IResult Find(HttpContext context, TelemetryStore store, TimeProvider time)
    {
        var values = context.Request.Query;
        var (started, completed) = (values["started"].ToString(), values["completed"].ToString());

        if (started.Length is 0 or > MaxNameLength || completed.Length is 0 or > MaxNameLength)
        {
            return TelemetryApi.BadQuery($"started and completed must be names of events, of at most {MaxNameLength} characters.");
        }

        var age = 0;

        if (
            values["olderThan"].ToString() is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out age) || age > MaxSeconds)
        )
        {
            return TelemetryApi.BadQuery($"olderThan must be whole seconds, at most {MaxSeconds}.");
        }

        if (!TelemetryQuery.TryParse(values, Signal.Logs, out var query, out var error))
        {
            return TelemetryApi.BadQuery(error);
        }

        var now = time.GetUtcNow();
        var logs = store.Logs.Snapshot();
        var finished = logs.Where(log => EventNames.Has(log, completed)).Select(log => log.TraceId).ToHashSet();
        var limit = UnixTime.NanosOf(now.AddSeconds(-age));
        var startedLogs = logs.Where(log => log.Time <= limit && EventNames.Has(log, started) && query.Matches(log)).ToList();
        var unfinished = startedLogs
            .Where(log => log.TraceId != UInt128.Zero && !finished.Contains(log.TraceId))
            .OrderBy(log => log.Time)
            .ToList();
        return TypedResults.Ok(
            new
            {
                Items = unfinished.Take(query.Limit).Select(log => Item(log, now)),
                TotalCount = unfinished.Count,
                ReturnedCount = Math.Min(unfinished.Count, query.Limit),
                Started = startedLogs.Count,

                // These cannot be correlated.
                WithoutTrace = startedLogs.Count(log => log.TraceId == UInt128.Zero),
            }
        );
    }

    private static object Item(StoredLog log, DateTimeOffset now)
    {
        var message = log.Parse();
        var trace = Ids.Trace(log.TraceId);
        var at = UnixTime.Of(log.Time);
        return new
        {
            Time = at,
            AgeSeconds = Math.Round((now - at).TotalSeconds),
            log.Origin.Service,
            Text = ValueText.Of(message.Body),
            TraceId = trace,
            Ids = RecordIds
                .Keys.Where(key => ValueText.Find(message.Attributes, key) is not null)
                .ToDictionary(key => key, key => ValueText.Find(message.Attributes, key)),
            Links = new
            {
                Trace = $"/api/telemetry/traces/{trace}",
                Logs = $"/api/telemetry/logs?traceId={trace}",
                TracePage = $"/traces/{trace}",
                LogsPage = $"/logs?traceId={trace}",
            },
        };
    }
}
