using System.Text.Json;
using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

/// <summary>The parts of an event that people read: exceptions with their frames, breadcrumbs and contexts.</summary>
internal sealed record EventDetails(
    IReadOnlyList<ExceptionDetails> Exceptions,
    IReadOnlyList<Breadcrumb> Breadcrumbs,
    IReadOnlyList<KeyValuePair<string, string>> Context
)
{
    // Limits of a page and a response; senders stop at 100 of each.
    private const int MaxItems = 100;
    private const int MaxFrames = 250;
    private static readonly string[] ContextNames = ["runtime", "os", "app", "device", "browser"];

    public static EventDetails Of(ErrorEvent item)
    {
        using var document = JsonDocument.Parse(item.Payload);
        var root = document.RootElement;

        // Sent outermost last; the one that was caught is what people look for first.
        return new EventDetails(
            [.. JsonRead.Items(root, "exception").Reverse().Take(MaxItems).Select(Exception)],
            [.. JsonRead.Items(root, "breadcrumbs").TakeLast(MaxItems).Select(Crumb)],
            [.. Contexts(root).Where(context => context.Value.Length > 0)]
        );
    }

    private static ExceptionDetails Exception(JsonElement exception) =>
        new(
            JsonRead.Text(exception, "type") ?? "exception",
            JsonRead.Text(exception, "value") ?? "",
            JsonRead.Text(exception, "module"),
            JsonRead.Flag(JsonRead.Child(exception, "mechanism"), "handled"),
            // The crash is sent last. Frames of our own code come first, each group from the crash outwards.
            [.. StackFrames.Of(exception).Reverse().Take(MaxFrames).Select(Frame).OrderByDescending(frame => frame.InApp)]
        );

    private static Frame Frame(JsonElement frame) =>
        new(
            StackFrames.Name(frame) ?? "(unknown)",
            JsonRead.Text(frame, "filename") ?? JsonRead.Text(frame, "abs_path"),
            JsonRead.Integer(frame, "lineno"),
            JsonRead.Integer(frame, "colno"),
            JsonRead.Flag(frame, "in_app") == true,
            [.. JsonRead.Items(frame, "pre_context").Select(line => JsonRead.Text(line) ?? "")],
            JsonRead.Text(frame, "context_line"),
            [.. JsonRead.Items(frame, "post_context").Select(line => JsonRead.Text(line) ?? "")]
        );

    private static Breadcrumb Crumb(JsonElement crumb) =>
        new(
            JsonRead.Time(crumb, "timestamp"),
            JsonRead.Text(crumb, "category") ?? JsonRead.Text(crumb, "type") ?? "",
            JsonRead.Text(crumb, "level") ?? "info",
            JsonRead.Text(crumb, "message") ?? "",
            JsonRead
                .Map(crumb, "data")
                .GroupBy(item => item.Key, StringComparer.Ordinal)
                .ToDictionary(item => item.Key, item => item.First().Value)
        );

    private static IEnumerable<KeyValuePair<string, string>> Contexts(JsonElement root)
    {
        if (JsonRead.Child(root, "request") is { } request)
        {
            yield return KeyValuePair.Create("request", $"{JsonRead.Text(request, "method")} {JsonRead.Text(request, "url")}".Trim());
        }

        foreach (var name in ContextNames)
        {
            if (JsonRead.Child(JsonRead.Child(root, "contexts"), name) is { } context)
            {
                var product = JsonRead.Text(context, "name") ?? JsonRead.Text(context, "raw_description");
                yield return KeyValuePair.Create(name, $"{product} {JsonRead.Text(context, "version")}".Trim());
            }
        }

        if (JsonRead.Text(root, "server_name") is { } server)
        {
            yield return KeyValuePair.Create("server", server);
        }

        if (JsonRead.Child(root, "sdk") is { } sdk)
        {
            yield return KeyValuePair.Create("sdk", $"{JsonRead.Text(sdk, "name")} {JsonRead.Text(sdk, "version")}".Trim());
        }
    }
}

internal sealed record ExceptionDetails(string Type, string Value, string? Module, bool? Handled, IReadOnlyList<Frame> Frames);

internal sealed record Frame(
    string Function,
    string? File,
    int? Line,
    int? Column,
    bool InApp,
    IReadOnlyList<string> Before,
    string? Context,
    IReadOnlyList<string> After
);

internal sealed record Breadcrumb(
    DateTimeOffset? Time,
    string Category,
    string Level,
    string Message,
    IReadOnlyDictionary<string, string> Data
);
