using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Platform.Observatory.Text;

namespace Platform.Observatory.Issues;

/// <summary>
/// Which events are one issue. The sender's fingerprint decides when there is one; else the chain of exceptions, each by its type
/// and the frames of our own code (all frames when none is ours, the message when there is no stack); else the message.
/// </summary>
internal static partial class Grouping
{
    private const int IdBytes = 8;
    private const int MaxMessageLength = 1_000;
    private const int MaxParts = 500;

    public static string IssueIdOf(JsonElement root, string? message)
    {
        var parts = new List<string>();

        foreach (var value in JsonRead.Items(root, "fingerprint").Select(item => JsonRead.Text(item) ?? ""))
        {
            if (value.Replace(" ", "", StringComparison.Ordinal) == "{{default}}")
            {
                parts.AddRange(Default(root, message));
            }
            else
            {
                parts.Add("fingerprint:" + value);
            }
        }

        var joined = string.Join('\n', (parts.Count > 0 ? parts : Default(root, message)).Take(MaxParts));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(joined)).AsSpan(0, IdBytes));
    }

    /// <summary>The message without its variable parts.</summary>
    public static string Normalize(string message)
    {
        var lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(2);
        var text = string.Join(' ', lines);
        text = text.Length > MaxMessageLength ? text[..MaxMessageLength] : text;
        text = Url().Replace(text, "<url>");
        text = Email().Replace(text, "<email>");
        text = Uuid().Replace(text, "<uuid>");
        text = Ip().Replace(text, "<ip>");
        text = Hex().Replace(text, "<hex>");
        text = Number().Replace(text, "<number>");
        return WordWithDigit().Replace(text, "<id>");
    }

    private static List<string> Default(JsonElement root, string? message)
    {
        var parts = new List<string>();

        foreach (var exception in JsonRead.Items(root, "exception"))
        {
            var frames = Frames(exception);
            parts.Add("type:" + (JsonRead.Text(exception, "type") ?? ""));
            parts.AddRange(frames);

            if (frames.Count == 0)
            {
                parts.Add("value:" + Normalize(JsonRead.Text(exception, "value") ?? ""));
            }
        }

        return parts.Count > 0
            ? parts
            : ["message:" + Normalize(message ?? ""), "in:" + (message is null ? JsonRead.Text(root, "transaction") : "")];
    }

    // A recursion counts once, however deep it went.
    private static List<string> Frames(JsonElement exception)
    {
        var all = StackFrames.Of(exception).ToList();
        var ours = all.Where(frame => JsonRead.Flag(frame, "in_app") == true && StackFrames.Name(frame) is not null).ToList();
        var names = new List<string>();

        foreach (var name in (ours.Count > 0 ? ours : all).Select(StackFrames.Name).OfType<string>())
        {
            if (names.Count == 0 || names[^1] != "frame:" + name)
            {
                names.Add("frame:" + name);
            }
        }

        return names;
    }

    [GeneratedRegex(@"\b[a-z][a-z0-9+.-]{1,20}://[^\s""'<>)]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Url();

    [GeneratedRegex(@"[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|\[Filtered\]", RegexOptions.CultureInvariant)]
    private static partial Regex Email();

    [GeneratedRegex(
        @"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Uuid();

    [GeneratedRegex(
        @"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b|\[?\b[0-9a-f]{1,4}(?::{1,2}[0-9a-f]{1,4}){3,7}\b\]?",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Ip();

    [GeneratedRegex(@"\b0x[0-9a-f]+\b|\b[0-9a-f]{16,}\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Hex();

    [GeneratedRegex(@"(?<![\w-])[-+]?\d+(?:[.,:]\d+)*(?![\w-])", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    // ord_8f3ab2, SKU-1042, 38ms.
    [GeneratedRegex(@"(?<![\w<])[\w-]*\d[\w-]*", RegexOptions.CultureInvariant)]
    private static partial Regex WordWithDigit();
}
