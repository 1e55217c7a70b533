using System.Text.Json;
using System.Text.RegularExpressions;
using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

/// <summary>Function names as they are in the source, and the frames of our own code.</summary>
internal static partial class StackFrames
{
    /// <summary>The innermost frame of our own code.</summary>
    public static string? Culprit(JsonElement exception)
    {
        var frames = Of(exception).Reverse().ToList();
        var index = frames.FindIndex(frame => JsonRead.Flag(frame, "in_app") == true);
        return frames.Count == 0 ? null : Name(frames[Math.Max(0, index)]);
    }

    /// <summary>Oldest first, as they are sent.</summary>
    public static IEnumerable<JsonElement> Of(JsonElement exception) => JsonRead.Items(JsonRead.Child(exception, "stacktrace"), "frames");

    /// <summary>
    /// Module (else file) and function, without what a compiler or a build adds: lines, directories,
    /// <c>&lt;ChargeAsync&gt;d__12.MoveNext</c>, <c>&lt;&gt;c.&lt;Map&gt;b__3_0</c>, generic arity.
    /// </summary>
    public static string? Name(JsonElement frame)
    {
        var place = JsonRead.Text(frame, "module") ?? FileOf(JsonRead.Text(frame, "filename") ?? JsonRead.Text(frame, "abs_path"));
        var function = JsonRead.Text(frame, "function");
        return place is null && function is null
            ? null
            : Arity().Replace(Generated().Replace(string.Join('.', new[] { place, function }.OfType<string>()), "$1"), "");
    }

    private static string? FileOf(string? path) =>
        path is null ? null : FileHash().Replace(path[(path.LastIndexOfAny(['/', '\\']) + 1)..], "$1").ToLowerInvariant();

    [GeneratedRegex(@"(?:<>c(?:__DisplayClass[\d_]+)?[.+])?<(\w*)>[a-z]__[\d_|a-zA-Z]*(?:\.MoveNext)?", RegexOptions.CultureInvariant)]
    private static partial Regex Generated();

    [GeneratedRegex(@"`\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Arity();

    // main.4f9c2b1a.js is main.js of another build.
    [GeneratedRegex(@"[.-][0-9a-fA-F]{6,}(\.\w{1,4})(?:\?.*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex FileHash();
}
