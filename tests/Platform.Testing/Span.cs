using System.Globalization;
using System.Text.Json;

namespace Platform.Testing;

/// <summary>One span of a trace, as OTLP has it. Names of attributes and kinds are those of the OpenTelemetry conventions.</summary>
/// <param name="Service">Resource attribute service.name.</param>
/// <param name="Release">Resource attribute service.version; empty if there is none.</param>
/// <param name="Scope">Name of the ActivitySource.</param>
/// <param name="TraceId">32 hex digits.</param>
/// <param name="SpanId">16 hex digits.</param>
/// <param name="ParentSpanId">Null for a root.</param>
/// <param name="Name">Name of the span.</param>
/// <param name="Kind">internal, server, client, producer or consumer.</param>
/// <param name="StartUnixNano">When it started.</param>
/// <param name="IsError">Status is error.</param>
/// <param name="Attributes">Values as text.</param>
/// <param name="Links">Spans of other traces.</param>
/// <param name="Texts">Every text of the span, its scope and its resource - names, attributes, events, status - with where it is.</param>
public sealed record Span(
    string Service,
    string Release,
    string Scope,
    string TraceId,
    string SpanId,
    string? ParentSpanId,
    string Name,
    string Kind,
    ulong StartUnixNano,
    bool IsError,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyList<(string TraceId, string SpanId)> Links,
    IReadOnlyList<(string Where, string Text)> Texts
)
{
    private static readonly string[] Kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];

    /// <summary>The attribute's value; null if the span does not have it.</summary>
    public string? this[string attribute] => Attributes.GetValueOrDefault(attribute);

    public override string ToString() => $"{Service}: {Name} <{Kind}>{(IsError ? " ERROR" : "")}";

    /// <summary>Spans of an answer in OTLP JSON: <c>{"data":{"resourceSpans":[..]}}</c>.</summary>
    public static IReadOnlyList<Span> Read(JsonElement answer) =>
        [
            .. from resource in Items(answer.GetProperty("data"), "resourceSpans")
            let attributes = AttributesOf(resource.GetProperty("resource"))
            from scope in Items(resource, "scopeSpans")
            from span in Items(scope, "spans")
            let about = scope.GetProperty("scope")
            select Read(span, attributes, about) with
            {
                Texts =
                [
                    .. TextsOf("", span),
                    .. TextsOf(" the scope's", about),
                    .. TextsOf(" the resource's", resource.GetProperty("resource")),
                ],
            },
        ];

    private static Span Read(JsonElement span, Dictionary<string, string> resource, JsonElement scope) =>
        new(
            resource.GetValueOrDefault("service.name", "unknown_service"),
            resource.GetValueOrDefault("service.version", ""),
            scope.TryGetProperty("name", out var name) ? name.GetString()! : "",
            span.GetProperty("traceId").GetString()!,
            span.GetProperty("spanId").GetString()!,
            span.TryGetProperty("parentSpanId", out var parent) && parent.GetString() is { Length: > 0 } id ? id : null,
            span.GetProperty("name").GetString()!,
            Kinds[span.TryGetProperty("kind", out var kind) ? kind.GetInt32() : 0],
            ulong.Parse(span.GetProperty("startTimeUnixNano").ToString(), CultureInfo.InvariantCulture),
            span.TryGetProperty("status", out var status) && status.TryGetProperty("code", out var code) && code.GetInt32() == 2,
            AttributesOf(span),
            [.. Items(span, "links").Select(link => (link.GetProperty("traceId").GetString()!, link.GetProperty("spanId").GetString()!))],
            []
        );

    private static Dictionary<string, string> AttributesOf(JsonElement owner) =>
        Items(owner, "attributes")
            .DistinctBy(attribute => attribute.GetProperty("key").GetString())
            .ToDictionary(
                attribute => attribute.GetProperty("key").GetString()!,
                attribute => attribute.GetProperty("value").EnumerateObject().FirstOrDefault().Value.ToString()
            );

    // An attribute is named by its key and not by its place in the list.
    private static IEnumerable<(string Where, string Text)> TextsOf(string where, JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => [(where, value.GetString()!)],
            JsonValueKind.Array => value.EnumerateArray().SelectMany(item => TextsOf(where, item)),
            JsonValueKind.Object => value
                .EnumerateObject()
                .Where(property => !IsIdOrTime(property.Name))
                .SelectMany(property =>
                    TextsOf(
                        value.TryGetProperty("key", out var key) && property.Name == "value"
                            ? $"{where} {key}"
                            : $"{where} {property.Name}",
                        property.Value
                    )
                ),
            _ => [],
        };

    // They hold every short number sooner or later.
    private static bool IsIdOrTime(string name) =>
        name is "traceId" or "spanId" or "parentSpanId" || name.EndsWith("UnixNano", StringComparison.Ordinal);

    private static IEnumerable<JsonElement> Items(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var items) ? items.EnumerateArray() : [];
}
