using System.Globalization;
using System.Text.Json;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

/// <summary>Parses the scrubbed JSON of an event.</summary>
internal static class EventReader
{
    // What a person reads of a field in a list; the payload has the rest.
    private const int MaxFieldBytes = 512;
    private const int MaxTags = 50;
    private static readonly TimeSpan MaxClockDrift = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxAge = TimeSpan.FromDays(30);

    public static ErrorEvent Read(ReadOnlyMemory<byte> json, string? envelopeEventId, DateTimeOffset receivedAt)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var tags = JsonRead.Map(root, "tags").Take(MaxTags).Select(tag => KeyValuePair.Create(Cut(tag.Key), Cut(tag.Value))).ToList();
        var trace = JsonRead.Child(JsonRead.Child(root, "contexts"), "trace");
        var crash = JsonRead.Items(root, "exception").LastOrDefault();
        var message = Message(root);
        return new ErrorEvent
        {
            EventId = IdOf(envelopeEventId) ?? IdOf(JsonRead.Text(root, "event_id")) ?? Guid.NewGuid().ToString("N"),
            Time = TimeOf(root, receivedAt),
            Level = LevelOf(JsonRead.Text(root, "level")),
            Type = Cut(JsonRead.Text(crash, "type") ?? (crash.ValueKind == JsonValueKind.Object ? "exception" : "message")),
            Value = Cut(JsonRead.Text(crash, "value") ?? message ?? ""),
            Culprit = Cut(JsonRead.Text(root, "transaction") ?? StackFrames.Culprit(crash) ?? ""),
            Service = Tag(tags, "service") ?? Cut(JsonRead.Text(root, "server_name") ?? OriginResource.UnknownService),
            Release = CutOrNull(JsonRead.Text(root, "release")),
            Environment = CutOrNull(JsonRead.Text(root, "environment")),
            User = CutOrNull(UserOf(JsonRead.Child(root, "user"))),
            Tenant = Tag(tags, "tenant_id") ?? Tag(tags, "tenant.id"),
            RequestId = Tag(tags, "request_id") ?? Tag(tags, "request.id"),
            TraceId = UInt128.TryParse(
                HexOf(JsonRead.Text(trace, "trace_id"), 32),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out var traceId
            )
                ? traceId
                : default,
            SpanId = ulong.TryParse(
                HexOf(JsonRead.Text(trace, "span_id"), 16),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out var spanId
            )
                ? spanId
                : 0,
            Tags = tags,
            IssueId = Grouping.IssueIdOf(root, message),
            Payload = json.ToArray(),
        };
    }

    /// <summary>The template without its parameters, where there is one: the parameters are what makes equal messages differ.</summary>
    public static string? Message(JsonElement root)
    {
        var entry = JsonRead.Child(root, "logentry") ?? JsonRead.Child(root, "message");
        return JsonRead.Text(entry) ?? JsonRead.Text(entry, "message") ?? JsonRead.Text(entry, "formatted");
    }

    private static DateTimeOffset TimeOf(JsonElement root, DateTimeOffset receivedAt) =>
        JsonRead.Time(root, "timestamp") is { } time && time <= receivedAt + MaxClockDrift && time >= receivedAt - MaxAge
            ? time
            : receivedAt;

    private static string LevelOf(string? level) =>
        level?.ToLowerInvariant() switch
        {
            "fatal" or "warning" or "info" or "debug" => level.ToLowerInvariant(),
            _ => "error",
        };

    private static string? UserOf(JsonElement? user) =>
        JsonRead.Text(user, "id") ?? JsonRead.Text(user, "username") ?? JsonRead.Text(user, "email");

    private static string? IdOf(string? text) => Guid.TryParse(text, out var id) ? id.ToString("N") : null;

    private static string? HexOf(string? text, int length) => text?.Length == length ? text : null;

    private static string? Tag(List<KeyValuePair<string, string>> tags, string key) =>
        tags.Find(tag => tag.Key == key).Value is { Length: > 0 } value ? value : null;

    private static string Cut(string text) => ItemLimits.Cut(text, MaxFieldBytes);

    private static string? CutOrNull(string? text) => text is null ? null : Cut(text);
}
