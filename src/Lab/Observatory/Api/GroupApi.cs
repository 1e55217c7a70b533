using Platform.Observatory.Otlp;
using Platform.Observatory.Query;
using Platform.Observatory.Store;

namespace Platform.Observatory.Api;

/// <summary>
/// <c>/api/telemetry/groups?signal=traces&amp;by=tenant.id&amp;hasError=true</c>: failing spans by tenant, or anything by anything.
/// </summary>
internal static class GroupApi
{
    private const int MaxNameLength = 200;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/telemetry/groups", Group);

    private static IResult Group(HttpContext context, TelemetryStore store)
    {
        if (context.Request.Query["signal"].ToString() is not ("traces" or "logs"))
        {
            return TelemetryApi.BadQuery("signal must be traces or logs.");
        }

        var signal = context.Request.Query["signal"] == "traces" ? Signal.Traces : Signal.Logs;
        var by = context.Request.Query["by"].ToString();

        if (by.Length is 0 or > MaxNameLength || by.AsSpan().ContainsAnyExcept(FilterField.NameCharacters))
        {
            return TelemetryApi.BadQuery("by must be the name of an attribute or a field: letters, digits and _ . - /");
        }

        if (!TelemetryQuery.TryParse(context.Request.Query, signal, out var query, out var error))
        {
            return TelemetryApi.BadQuery(error);
        }

        IReadOnlyList<TelemetryRecord> records = signal == Signal.Traces ? store.Spans.Snapshot() : store.Logs.Snapshot();
        return TypedResults.Ok(new RecordGroups(signal, by, query).Of(records));
    }
}
