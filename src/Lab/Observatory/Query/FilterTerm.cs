using System.Globalization;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

internal abstract class FilterTerm
{
    public abstract bool Matches(RecordView view);
}

internal sealed class TextTerm(string text) : FilterTerm
{
    private readonly PackedText _packed = new(text);

    public override bool Matches(RecordView view) =>
        RecordSearch.IsInFields(view.Record, text) || (_packed.MayBeIn(view.Record) && RecordSearch.Contains(view, text));
}

/// <summary>Equal, or with <c>!=</c> another value; as number where both sides are one.</summary>
internal sealed class EqualTerm(FilterField field, string value, bool not) : FilterTerm
{
    private readonly decimal? _number = FilterNumber.Parse(value);

    public override bool Matches(RecordView view)
    {
        var values = field.ValuesOf(view);

        for (var index = 0; index < values.Count; index++)
        {
            if (IsPresent(values[index]) && (value.Length == 0 || IsEqual(values[index]) != not))
            {
                // An empty value tests for presence or absence.
                return value.Length > 0 || not;
            }
        }

        return value.Length == 0 && !not;
    }

    private static bool IsPresent(AnyValue found) => ValueText.Whole(found).Length > 0;

    private bool IsEqual(AnyValue found) =>
        string.Equals(ValueText.Whole(found), value, StringComparison.OrdinalIgnoreCase)
        || (_number is not null && FilterNumber.Of(found) == _number);
}

internal sealed class OrderTerm(FilterField field, Func<int, bool> holds, decimal number) : FilterTerm
{
    public override bool Matches(RecordView view) =>
        field.ValuesOf(view).Any(found => FilterNumber.Of(found) is { } known && holds(known.CompareTo(number)));
}

internal sealed class LevelTerm(Func<int, bool> holds) : FilterTerm
{
    public override bool Matches(RecordView view) => view.Record is StoredLog log && holds(log.Severity);
}

internal static class FilterNumber
{
    public static decimal? Parse(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static decimal? Of(AnyValue value) =>
        value.ValueCase switch
        {
            AnyValue.ValueOneofCase.IntValue => value.IntValue,
            AnyValue.ValueOneofCase.DoubleValue => OfDouble(value.DoubleValue),
            AnyValue.ValueOneofCase.StringValue => Parse(value.StringValue),
            _ => null,
        };

    // Beyond what a decimal holds only the order matters.
    private static decimal? OfDouble(double number) =>
        double.IsNaN(number) ? null
        : number >= (double)decimal.MaxValue ? decimal.MaxValue
        : number <= (double)decimal.MinValue ? decimal.MinValue
        : (decimal)number;
}
