using System.Text.Json;

namespace Platform.Llm;

/// <summary>One completion, sent whole or word by word.</summary>
internal sealed record Answer(string Id, long Created, string Model, string Text, string FinishReason, TokenUsage Usage)
{
    public static Answer To(ChatCompletionRequest request, DateTimeOffset now)
    {
        var full = FraudNote.About(request.Prompt);
        var text = TokenEstimate.Cut(full, request.TokenLimit);
        var promptTokens = request.PromptTokens;
        var completionTokens = TokenEstimate.Of(text);
        return new Answer(
            $"chatcmpl-{Guid.NewGuid():N}",
            now.ToUnixTimeSeconds(),
            request.Model!,
            text,
            text.Length < full.Length ? "length" : "stop",
            new TokenUsage(promptTokens, completionTokens, promptTokens + completionTokens)
        );
    }

    public ChatCompletion Whole() =>
        new(Id, "chat.completion", Created, Model, [new ChatChoice(0, new AnswerMessage("assistant", Text), FinishReason)], Usage);

    /// <summary>The data lines of the event stream: role, words, finish reason, usage if requested, and the end marker.</summary>
    public IEnumerable<string> Chunks(bool includeUsage)
    {
        yield return Chunk(new ChunkDelta("assistant", ""), null);
        foreach (var word in Text.Split(' ').Select((word, index) => index == 0 ? word : " " + word))
        {
            yield return Chunk(new ChunkDelta(null, word), null);
        }

        yield return Chunk(new ChunkDelta(null, null), FinishReason);
        if (includeUsage)
        {
            yield return Serialize([], Usage);
        }

        yield return "[DONE]";
    }

    private string Chunk(ChunkDelta delta, string? finishReason) => Serialize([new ChunkChoice(0, delta, finishReason)], null);

    private string Serialize(IReadOnlyList<ChunkChoice> choices, TokenUsage? usage) =>
        JsonSerializer.Serialize(new ChatCompletionChunk(Id, "chat.completion.chunk", Created, Model, choices, usage), ChatCompletion.Json);
}
