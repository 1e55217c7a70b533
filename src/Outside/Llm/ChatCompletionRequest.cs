using System.Text.Json;

namespace Platform.Llm;

internal sealed class ChatCompletionRequest
{
    public const int MaxBytes = 1024 * 1024;

    private static readonly HashSet<string> Roles = new(StringComparer.Ordinal) { "system", "developer", "user", "assistant", "tool" };

    public string? Model { get; init; }

    public IReadOnlyList<ChatMessage?>? Messages { get; init; }

    public bool? Stream { get; init; }

    public StreamOptions? StreamOptions { get; init; }

    public int? MaxTokens { get; init; }

    public int? MaxCompletionTokens { get; init; }

    public int? N { get; init; }

    public int? TokenLimit => MaxCompletionTokens ?? MaxTokens;

    /// <summary>The user's messages; system messages are not evidence.</summary>
    public string Prompt => string.Join('\n', Messages!.Where(message => message!.Role == "user").Select(message => message!.Text));

    public int PromptTokens => Messages!.Sum(message => TokenEstimate.Of(message!.Text!) + TokenEstimate.PerMessage);

    public (string? Param, string Message)? Error() =>
        this switch
        {
            { Model: null or "" } => ("model", "You must provide a model parameter."),
            { Messages: null or [] } => ("messages", "You must provide at least one message."),
            _ when Messages.Any(message => message?.Role is null || !Roles.Contains(message.Role)) => (
                "messages",
                $"Each message needs a role of {string.Join(", ", Roles)}."
            ),
            _ when Messages.Any(message => message!.Text is null) => (
                "messages",
                "The content of a message must be text or an array of text parts."
            ),
            { TokenLimit: < 1 } => (MaxCompletionTokens is null ? "max_tokens" : "max_completion_tokens", "Must be at least 1."),
            { N: not (null or 1) } => ("n", "Only one choice is offered."),
            _ => null,
        };
}

internal sealed class StreamOptions
{
    public bool? IncludeUsage { get; init; }
}

internal sealed class ChatMessage
{
    public string? Role { get; init; }

    public JsonElement Content { get; init; }

    /// <summary>From "text" or [{"type":"text","text":"..."}]; null when it is neither.</summary>
    public string? Text =>
        Content.ValueKind switch
        {
            JsonValueKind.String => Content.GetString(),
            JsonValueKind.Array => TextOfParts(),
            _ => null,
        };

    private string? TextOfParts()
    {
        var texts = Content.EnumerateArray().Select(TextOfPart).ToList();
        return texts.Contains(null) ? null : string.Join('\n', texts);
    }

    private static string? TextOfPart(JsonElement part) =>
        part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;
}
