namespace Sentry;

internal static class Text
{
    // An event holds up to 100 breadcrumbs and a queue up to 30 events: one huge log line must not become 3,000 of them.
    private const int MaxLength = 8192;

    public static string? Shorten(string? text) =>
        text is { Length: > MaxLength } ? string.Concat(text.AsSpan(0, MaxLength - 3), "...") : text;
}
