namespace Platform.Llm;

/// <summary>Four characters are about one token of English; every message costs a few more for its frame.</summary>
internal static class TokenEstimate
{
    public const int PerMessage = 4;
    private const int CharactersPerToken = 4;

    public static int Of(string text) => (text.Length + CharactersPerToken - 1) / CharactersPerToken;

    public static string Cut(string text, int? tokens) =>
        tokens is { } limit && Of(text) > limit ? text[..(limit * CharactersPerToken)] : text;
}
