using System.Buffers;
using System.Collections.Concurrent;

namespace Platform.Redaction;

public enum NameKind
{
    Plain,

    /// <summary>The value is always secret.</summary>
    Secret,

    /// <summary>As Secret, but a numeric value is a count: max_token 100.</summary>
    Token,

    /// <summary>The value is the id of a trace or a span, which may look like a card number.</summary>
    TraceContext,
}

/// <summary>Classifies values by the name of their attribute or property.</summary>
public static class SecretNames
{
    // Bounded by Capacity names of at most MaxLength; others are classified each time. A platform has some hundred names.
    private const int Capacity = 10_000;
    private const int MaxLength = 200;
    private static readonly ConcurrentDictionary<string, NameKind> Known = new(StringComparer.Ordinal);
    private static int Count;

    private static readonly SearchValues<string> SecretParts = SearchValues.Create(
        [
            "password",
            "passwd",
            "passphrase",
            "secret",
            "apikey",
            "privatekey",
            "credential",
            "authorization",
            "cookie",
            "cardnumber",
            "creditcard",
            "connectionstring",
        ],
        StringComparison.OrdinalIgnoreCase
    );

    private static readonly string[] SecretEndings = ["pwd", "cvv", "cvc", "email"];

    public static NameKind KindOf(string name)
    {
        if (Known.TryGetValue(name, out var kind))
        {
            return kind;
        }

        kind = Classify(name);

        // Counted separately: ConcurrentDictionary.Count takes all of its locks.
        if (name.Length <= MaxLength && Volatile.Read(ref Count) < Capacity && Known.TryAdd(name, kind))
        {
            Interlocked.Increment(ref Count);
        }

        return kind;
    }

    /// <summary>32 or 16 hex digits, which may look like a card number when all of them are decimal.</summary>
    public static bool IsTraceOrSpanId(string value) => value.Length is 16 or 32 && value.All(char.IsAsciiHexDigit);

    private static NameKind Classify(string name)
    {
        var last = Normalize(name[(name.LastIndexOf('.') + 1)..]);
        var whole = Normalize(name);
        return whole.AsSpan().ContainsAny(SecretParts)
            || SecretEndings.Any(ending => last.EndsWith(ending, StringComparison.Ordinal))
            || last is "auth" or "bearer" or "pan" or "ssn" or "iban"
                ? NameKind.Secret
            : whole.EndsWith("token", StringComparison.Ordinal) ? NameKind.Token
            : whole.EndsWith("traceid", StringComparison.Ordinal) || whole.EndsWith("spanid", StringComparison.Ordinal)
                ? NameKind.TraceContext
            : NameKind.Plain;
    }

    private static string Normalize(string name) =>
        name.Replace("-", "", StringComparison.Ordinal)
            .Replace("_", "", StringComparison.Ordinal)
            .Replace(".", "", StringComparison.Ordinal)
            .ToLowerInvariant();
}
