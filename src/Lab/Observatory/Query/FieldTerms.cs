using Platform.Observatory.Otlp;

namespace Platform.Observatory.Query;

/// <summary>Builds the term for a field, an operator and a value; rejects invalid combinations.</summary>
internal sealed class FieldTerms(FilterField field, string sign, string value, Func<string, FilterException> bad)
{
    private static readonly string[] Kinds = ["server", "client", "producer", "consumer", "internal", "unspecified"];
    private static readonly string[] Statuses = ["ok", "error", "unset"];
    private static readonly (string Unit, decimal Milliseconds)[] Units =
    [
        ("ns", 0.000001m),
        ("us", 0.001m),
        ("µs", 0.001m),
        ("ms", 1),
        ("s", 1_000),
        ("min", 60_000),
        ("m", 60_000),
        ("h", 3_600_000),
    ];

    private bool IsEquality => sign is "=" or "!=";

    public FilterTerm Build() =>
        field.Kind switch
        {
            FieldKind.SpanKind => OneOf("kind", Kinds),
            FieldKind.Status => OneOf("status", Statuses),
            FieldKind.Trace => Equal(
                Query.TelemetryQuery.TryParseTraceId(value, out _) ? value : throw bad("a trace id has 32 hexadecimal digits.")
            ),
            FieldKind.Level => Level(),
            FieldKind.Duration => Number(Duration(), "a duration was expected, such as 250, 250ms or 1.5s."),
            _ when IsEquality => Equal(value),
            _ => Number(FilterNumber.Parse(value), $"a number was expected after {sign}."),
        };

    private EqualTerm OneOf(string name, string[] known) =>
        !IsEquality ? throw bad($"{name} has no order; use = or !=.")
        : known.Contains(value, StringComparer.OrdinalIgnoreCase) ? Equal(value)
        : throw bad($"{name} is one of {string.Join(", ", known)}.");

    private EqualTerm Equal(string to) =>
        IsEquality ? new EqualTerm(field, to, not: sign == "!=") : throw bad("this field has no order; use = or !=.");

    private LevelTerm Level()
    {
        var (lowest, highest) = Severities.Of(value) ?? throw bad("a level is one of trace, debug, information, warning, error, critical.");
        return new LevelTerm(
            sign switch
            {
                "=" => severity => severity >= lowest && severity <= highest,
                "!=" => severity => severity < lowest || severity > highest,
                "<" => severity => severity < lowest,
                "<=" => severity => severity <= highest,
                ">" => severity => severity > highest,
                _ => severity => severity >= lowest,
            }
        );
    }

    private OrderTerm Number(decimal? number, string expected) =>
        new(
            field,
            sign switch
            {
                "=" => order => order == 0,
                "!=" => order => order != 0,
                "<" => order => order < 0,
                "<=" => order => order <= 0,
                ">" => order => order > 0,
                _ => order => order >= 0,
            },
            number ?? throw bad(expected)
        );

    private decimal? Duration()
    {
        foreach (var (unit, milliseconds) in Units)
        {
            if (value.EndsWith(unit, StringComparison.Ordinal))
            {
                // Far more than a span can last, and far less than a decimal can hold.
                return FilterNumber.Parse(value[..^unit.Length]) is { } count and >= 0 and < 1_000_000_000_000
                    ? count * milliseconds
                    : null;
            }
        }

        return FilterNumber.Parse(value);
    }
}
