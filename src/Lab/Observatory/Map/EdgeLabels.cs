using Platform.Observatory.Text;

namespace Platform.Observatory.Map;

/// <summary>
/// Places edge labels where they overlap no box and no other label; an edge without room has its label in the table only.
/// </summary>
internal sealed class EdgeLabels(MapLayout layout, IEnumerable<MapNode> nodes)
{
    private const double Height = 18;
    private const double PerCharacter = 6;
    private const double Padding = 10;
    private static readonly double[] Shares = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74];

    // Bounded by the nodes and edges of the map.
    private readonly List<(double X, double Y, double Width, double Height)> _taken =
    [
        .. nodes.Select(layout.Of).Select(place => (place.X, place.Y, MapLayout.NodeWidth, MapLayout.NodeHeight)),
    ];

    public EdgeLabel? Place(string text, EdgeCurve curve)
    {
        var width = (text.Length * PerCharacter) + Padding;

        foreach (var share in Shares)
        {
            var (x, y) = curve.At(share);
            var box = (X: x - (width / 2), Y: y - (Height / 2), Width: width, Height);

            if (
                !_taken.Exists(other =>
                    box.X < other.X + other.Width && other.X < box.X + width && box.Y < other.Y + other.Height && other.Y < box.Y + Height
                )
            )
            {
                _taken.Add(box);
                return new EdgeLabel(text, Format.Number(x), Format.Number(y), Format.Number(width));
            }
        }

        return null;
    }
}
