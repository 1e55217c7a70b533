namespace Platform.Llm;

/// <summary>About four characters per token of English, plus a few tokens per message.</summary>
internal static class TokenEstimate
{
    public const int PerMessage = 4;
    private const int CharactersPerToken = 4;

    public static int Of(string text) => (text.Length + CharactersPerToken - 1) / CharactersPerToken;

    public static string Cut(string text, int? tokens) =>
        tokens is { } limit && Of(text) > limit ? text[..(limit * CharactersPerToken)] : text;
}
