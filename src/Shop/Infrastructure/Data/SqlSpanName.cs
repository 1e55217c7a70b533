namespace Platform.Infrastructure.Data;

/// <summary>Low-cardinality span names derived from SQL: "INSERT orders", "UPDATE outbox"; the convention's {operation} {target}.</summary>
internal static class SqlSpanName
{
    private static readonly char[] Separators = [' ', '\n', '\r', '\t', '(', ')', ',', ';'];

    public static string Of(string sql)
    {
        var words = sql.Split(Separators, 40, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return "postgresql";
        }

        var operation = words[0].ToUpperInvariant();
        var before = operation switch
        {
            "SELECT" or "DELETE" => "FROM",
            "INSERT" => "INTO",
            "UPDATE" => "UPDATE",
            _ => null,
        };
        var at = before is null ? -1 : Array.FindIndex(words, word => word.Equals(before, StringComparison.OrdinalIgnoreCase));
        return at >= 0 && at + 1 < words.Length ? $"{operation} {words[at + 1]}" : operation;
    }
}
