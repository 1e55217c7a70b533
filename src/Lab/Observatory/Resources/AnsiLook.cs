using System.Globalization;

namespace Platform.Observatory.Resources;

/// <summary>The state of a terminal's pen.</summary>
internal sealed class AnsiLook
{
    // Black, red, green, yellow, blue, magenta, cyan, white.
    private const string Names = "krgybmcw";

    private char? _ink;
    private char? _paper;
    private bool _isBold;
    private bool _isDim;
    private bool _isUnderlined;

    public string Class => string.Join(' ', Classes());

    /// <summary>The parameters of a command: <c>1;31</c>.</summary>
    public void Apply(string parameters)
    {
        var codes = parameters.Split(';', ':').Select(Number).ToArray();

        for (var index = 0; index < codes.Length; index++)
        {
            var code = codes[index];

            if (code is 38 or 48)
            {
                // 38;5;n is one of 256 colours, of which the first 16 have a name; 38;2;r;g;b has none.
                var isNamed = index + 2 < codes.Length && codes[index + 1] == 5 && codes[index + 2] is >= 0 and < 16;
                Set(code == 38, isNamed ? Names[codes[index + 2] % 8] : null);
                index += index + 1 < codes.Length && codes[index + 1] == 2 ? 4 : 2;
                continue;
            }

            Apply(code);
        }
    }

    private void Apply(int code)
    {
        switch (code)
        {
            case 0:
                (_ink, _paper, _isBold, _isDim, _isUnderlined) = (null, null, false, false, false);
                break;
            case 1:
                _isBold = true;
                break;
            case 2:
                _isDim = true;
                break;
            case 4:
                _isUnderlined = true;
                break;
            case 22:
                (_isBold, _isDim) = (false, false);
                break;
            case 24:
                _isUnderlined = false;
                break;
            case (>= 30 and <= 37) or (>= 90 and <= 97):
                Set(true, Names[code % 10]);
                break;
            case (>= 40 and <= 47) or (>= 100 and <= 107):
                Set(false, Names[code % 10]);
                break;
            case 39 or 49:
                Set(code == 39, null);
                break;
            default:
                break;
        }
    }

    private void Set(bool isInk, char? colour)
    {
        if (isInk)
        {
            _ink = colour;
        }
        else
        {
            _paper = colour;
        }
    }

    private IEnumerable<string> Classes()
    {
        if (_ink is { } ink)
        {
            yield return ink.ToString();
        }

        if (_paper is { } paper)
        {
            yield return "on-" + paper;
        }

        if (_isBold)
        {
            yield return "strong";
        }

        if (_isDim)
        {
            yield return "dim";
        }

        if (_isUnderlined)
        {
            yield return "under";
        }
    }

    private static int Number(string text) =>
        text.Length == 0 ? 0 : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
}
