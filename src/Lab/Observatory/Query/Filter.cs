using System.Diagnostics.CodeAnalysis;
using Platform.Observatory.Otlp;
using Platform.Observatory.Store;

namespace Platform.Observatory.Query;

/// <summary>
/// The language of <c>search=</c>: terms separated by blanks, all of which must hold.
/// <code>
/// tenant.id=harbor http.response.status_code>=500 name="POST /orders" duration>250ms declined "card expired"
/// </code>
/// <para>A word, or words in quotes: a text anywhere in the record, in any case.</para>
/// <para>
/// A name, one of <c>= != &lt; &lt;= &gt; &gt;=</c>, and a value: a field, or an attribute of the record, of its span events, its scope or
/// its resource. Texts compare without case; numbers as numbers, also where an attribute holds one as text; the four orders want a number.
/// <c>!=</c> means another value, so the attribute must be there. <c>x=""</c> means none or empty, <c>x!=""</c> any. Of a list one value is
/// enough. Quotes may stand around a value; inside of them are <c>\"</c> and <c>\\</c>.
/// </para>
/// <para>
/// Fields of both: service, release, environment, trace, event (the name of a log record's event, or of a span's). Of spans: name, kind
/// (server, client, producer, consumer, internal), status (ok, error, unset), duration (milliseconds, or with a unit: 250ms, 1.5s, 2m).
/// Of logs: level, also called severity (trace, debug, information, warning, error, critical), which has an order.
/// </para>
/// In a list of traces each term may be met by another span of the trace.
/// </summary>
internal sealed class Filter(IReadOnlyList<FilterTerm> terms)
{
    /// <summary>Both bound what one request may cost.</summary>
    public const int MaxLength = 2_000;

    public const int MaxTerms = 20;

    public static readonly Filter None = new([]);

    public bool IsEmpty => terms.Count == 0;

    /// <summary>False with a sentence that names the position, counted from 1.</summary>
    public static bool TryParse(string text, Signal signal, [NotNullWhen(true)] out Filter? filter, out string error)
    {
        try
        {
            filter = new Filter(new FilterReader(text, signal).Read());
            error = "";
            return true;
        }
        catch (FilterException exception)
        {
            filter = null;
            error = exception.Message;
            return false;
        }
    }

    public bool Matches(TelemetryRecord record)
    {
        if (terms.Count == 0)
        {
            return true;
        }

        var view = new RecordView(record);

        foreach (var term in terms)
        {
            if (!term.Matches(view))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Each term is met by one of the records.</summary>
    public bool MatchesTogether(IReadOnlyList<TelemetryRecord> records)
    {
        if (terms.Count == 0)
        {
            return true;
        }

        var views = records.Select(record => new RecordView(record)).ToList();
        return terms.All(term => views.Exists(term.Matches));
    }

    /// <summary>A value as it stands in a filter.</summary>
    public static string Quote(string value) =>
        $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

internal sealed class FilterException(int position, string message) : Exception($"Position {position}: {message}");
