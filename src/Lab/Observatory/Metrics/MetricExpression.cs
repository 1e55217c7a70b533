namespace Platform.Observatory.Metrics;

/// <summary>What an alert measures, from what it compares: <c>job:errors:ratio{job="gateway"} > 0.05 and …</c></summary>
internal static class MetricExpression
{
    private static readonly string[] Ends = [" and ", " or ", " unless ", ">", "<", "==", "!="];

    /// <summary>
    /// The operand before the first comparison or set operator that stands in no parentheses, without parentheses around all of it. An
    /// alert has a value only while its condition holds; this has one before and after too.
    /// </summary>
    public static string Of(string condition)
    {
        var text = string.Join(' ', condition.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        while (true)
        {
            var first = text[..End(text)].Trim();
            if (first is not ['(', .., ')'] || ClosingOf(first) != first.Length - 1)
            {
                return first;
            }

            text = first[1..^1];
        }
    }

    private static int End(string text) =>
        OutsideOfParentheses(text)
            .FirstOrDefault(index => Ends.Any(end => text.AsSpan(index).StartsWith(end, StringComparison.Ordinal)), text.Length);

    // Of the parenthesis that is first.
    private static int ClosingOf(string text) => OutsideOfParentheses(text).FirstOrDefault(-1);

    // Where no parenthesis is open, a closing one included; strings are passed over.
    private static IEnumerable<int> OutsideOfParentheses(string text)
    {
        var depth = 0;
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] is '"' or '\'')
            {
                index = AfterString(text, index) - 1;
                continue;
            }

            depth += Depth(text[index]);
            if (depth == 0)
            {
                yield return index;
            }
        }
    }

    private static int Depth(char character) =>
        character switch
        {
            '(' or '[' or '{' => 1,
            ')' or ']' or '}' => -1,
            _ => 0,
        };

    private static int AfterString(string text, int start)
    {
        var index = start + 1;
        while (index < text.Length && text[index] != text[start])
        {
            index += text[index] == '\\' ? 2 : 1;
        }

        return index + 1;
    }
}
