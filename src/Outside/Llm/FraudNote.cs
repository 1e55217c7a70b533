using System.Globalization;
using System.Text.RegularExpressions;

namespace Platform.Llm;

/// <summary>
/// The model's only skill: assessing an order from a prompt. The same prompt always gets the same note, which repeats only numbers from it.
/// </summary>
internal static partial class FraudNote
{
    private const int Base = 10;

    public static string About(string prompt)
    {
        List<Signal> signals = [.. Signals(prompt)];
        var score = Math.Clamp(Base + signals.Sum(signal => signal.Weight), 0, 100);
        var (level, advice) = score switch
        {
            < 30 => ("low", "Fulfil the order."),
            < 60 => ("medium", "Fulfil the order and look at this customer's next one."),
            _ => ("high", "Have a person look at the order before it is fulfilled."),
        };
        return $"Risk {score} of 100 ({level}). {Reasons(signals)} {advice}";
    }

    private static string Reasons(List<Signal> signals)
    {
        if (signals.Count == 0)
        {
            return "Nothing in the description speaks for or against the order.";
        }

        var weights = signals.Select(signal => string.Create(CultureInfo.InvariantCulture, $"{signal.What} ({signal.Weight:+0;-0})"));
        return $"It weighs {string.Join(", ", weights)}.";
    }

    private static IEnumerable<Signal> Signals(string prompt)
    {
        if (LargestNumber(Amounts(), prompt) is { } amount)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"an amount of {amount:0.00}");
            yield return amount switch
            {
                >= 1000 => new Signal($"{text}, far above the usual", 35),
                >= 250 => new Signal($"{text}, above the usual", 15),
                _ => new Signal($"{text}, which is ordinary", -5),
            };
        }

        if (LargestNumber(Quantities(), prompt) is >= 10 and var quantity)
        {
            yield return new Signal(string.Create(CultureInfo.InvariantCulture, $"{quantity:0} of one article"), 15);
        }

        if (LargestNumber(Declines(), prompt) is > 0 and var declines)
        {
            yield return new Signal(
                string.Create(CultureInfo.InvariantCulture, $"{declines:0} declined attempts"),
                (int)Math.Min(30, declines * 10)
            );
        }

        if (NewCustomer().IsMatch(prompt))
        {
            yield return new Signal("a first order", 15);
        }

        if (KnownCustomer().IsMatch(prompt))
        {
            yield return new Signal("a customer with a history", -10);
        }

        if (Mismatch().IsMatch(prompt))
        {
            yield return new Signal("details that do not match", 20);
        }

        if (Prepaid().IsMatch(prompt))
        {
            yield return new Signal("a prepaid card", 10);
        }
    }

    private static decimal? LargestNumber(Regex pattern, string prompt) =>
        pattern
            .Matches(prompt)
            .Select(match => decimal.Parse(match.Groups["number"].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture))
            .Cast<decimal?>()
            .Max();

    // "312.50 EUR", "EUR 312.50"
    [GeneratedRegex(
        @"\b(?<number>\d{1,9}(\.\d{1,2})?) ?(EUR|USD|GBP|SEK|CHF|NOK|DKK|PLN)\b"
            + @"|\b(EUR|USD|GBP|SEK|CHF|NOK|DKK|PLN) ?(?<number>\d{1,9}(\.\d{1,2})?)\b",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Amounts();

    // "quantity: 12", "12 pieces"
    [GeneratedRegex(
        @"\b(quantity|pieces|items)\W{1,3}(?<number>\d{1,6})\b|\b(?<number>\d{1,6}) (pieces|items|units)\b",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Quantities();

    // "2 declined", "declined attempts: 2", "failed payments: 2"
    [GeneratedRegex(
        @"\b(?<number>\d{1,4}) (earlier |previous |recent )?(declined|declines|failed)\b"
            + @"|\b(declined|failed|declines)( \w+)?\W{1,3}(?<number>\d{1,4})\b",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Declines();

    [GeneratedRegex(
        @"\bfirst order\b|\bnew customer\b|\b(earlier|previous) orders\W{1,3}0\b|\bno (earlier|previous) orders\b",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex NewCustomer();

    [GeneratedRegex(
        @"\breturning\b|\b(earlier|previous) orders\W{1,3}[1-9]|\b[1-9]\d* (earlier|previous) orders\b",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex KnownCustomer();

    [GeneratedRegex(@"\bmismatch|\bdo(es)? not match\b|\bdiffers? from\b", RegexOptions.IgnoreCase)]
    private static partial Regex Mismatch();

    [GeneratedRegex(@"\bprepaid\b|\bgift card\b", RegexOptions.IgnoreCase)]
    private static partial Regex Prepaid();

    private sealed record Signal(string What, int Weight);
}
