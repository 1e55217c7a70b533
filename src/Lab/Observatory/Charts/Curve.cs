using System.Text;
using Platform.Observatory.Text;

namespace Platform.Observatory.Charts;

/// <summary>Values as an SVG path in a box of 100 by 24, starting at zero, padded for the stroke; the browser scales it.</summary>
public static class Curve
{
    private const double Height = 24;
    private const double Top = 3;
    private const double Base = 20.5;

    /// <summary>A missing value breaks the line.</summary>
    public static string Line(IReadOnlyList<double?> values)
    {
        var path = new StringBuilder();
        var highest = values.Max() is { } top and > 0 ? top : 1;
        var isOpen = false;

        for (var index = 0; index < values.Count; index++)
        {
            if (values[index] is { } value)
            {
                path.Append(isOpen ? 'L' : 'M')
                    .Append(Format.Number(X(index, values.Count)))
                    .Append(' ')
                    .Append(Format.Number(Base - (value / highest * (Base - Top))));
                isOpen = true;
            }
            else
            {
                isOpen = false;
            }
        }

        return path.ToString();
    }

    /// <summary>The line with the area below it; empty when the line has a gap.</summary>
    public static string Area(IReadOnlyList<double?> values) =>
        values.Count == 0 || values.Any(value => value is null) ? "" : $"{Line(values)}V{Format.Number(Height)}H0Z";

    private static double X(int index, int count) => count < 2 ? 0 : index * 100.0 / (count - 1);
}
