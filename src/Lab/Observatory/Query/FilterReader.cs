using System.Text;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Query;

/// <summary>Parses filter text into terms.</summary>
internal sealed class FilterReader(string text, Signal signal)
{
    // The longer ones first.
    private static readonly string[] Operators = ["!=", "<=", ">=", "=", "<", ">"];
    private int _at;

    public List<FilterTerm> Read()
    {
        if (text.Length > Filter.MaxLength)
        {
            throw new FilterException(Filter.MaxLength + 1, $"a filter has at most {Filter.MaxLength} characters.");
        }

        var terms = new List<FilterTerm>();

        for (SkipBlanks(); _at < text.Length; SkipBlanks())
        {
            if (terms.Count == Filter.MaxTerms)
            {
                throw Bad(_at, $"a filter has at most {Filter.MaxTerms} terms.");
            }

            terms.Add(ReadTerm());
        }

        return terms;
    }

    private FilterTerm ReadTerm()
    {
        if (text[_at] == '"')
        {
            return new TextTerm(ReadQuoted());
        }

        var start = _at;
        _at += text.AsSpan(_at).IndexOfAnyExcept(FilterField.NameCharacters) is var length and >= 0 ? length : text.Length - _at;
        var name = text[start.._at];

        if (Operator() is not { } sign)
        {
            return new TextTerm(name + ReadWord());
        }

        if (name.Length == 0)
        {
            throw Bad(start, $"a name was expected before {sign}; a text that begins with it goes into quotes.");
        }

        _at += sign.Length;

        if (Operator() is not null)
        {
            throw Bad(_at, $"a value was expected after {sign}; one that begins like this goes into quotes.");
        }

        var valueAt = _at;
        var quoted = _at < text.Length && text[_at] == '"';
        var value = quoted ? ReadQuoted() : ReadWord();

        if (value.Length == 0 && !quoted)
        {
            throw Bad(valueAt, $"a value was expected after {sign}.");
        }

        return new FieldTerms(FilterField.Of(name, signal), sign, value, message => Bad(valueAt, message)).Build();
    }

    private string? Operator()
    {
        foreach (var sign in Operators)
        {
            if (text.AsSpan(_at).StartsWith(sign, StringComparison.Ordinal))
            {
                return sign;
            }
        }

        return null;
    }

    private string ReadWord()
    {
        var start = _at;

        while (_at < text.Length && !char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }

        return text[start.._at];
    }

    private string ReadQuoted()
    {
        var start = _at++;
        var value = new StringBuilder();

        while (_at < text.Length && text[_at] != '"')
        {
            if (text[_at] == '\\' && ++_at == text.Length)
            {
                break;
            }

            value.Append(text[_at++]);
        }

        if (_at == text.Length)
        {
            throw Bad(start, "this quote is not closed.");
        }

        _at++;
        return _at == text.Length || char.IsWhiteSpace(text[_at])
            ? value.ToString()
            : throw Bad(_at, "a blank was expected after the closing quote.");
    }

    private void SkipBlanks()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }
    }

    private static FilterException Bad(int at, string message) => new(at + 1, message);
}
