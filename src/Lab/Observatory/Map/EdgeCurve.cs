using Platform.Observatory.Text;

namespace Platform.Observatory.Map;

/// <summary>The curve of an edge: forward edges go straight, backward edges and edges within a column go around both boxes.</summary>
internal sealed class EdgeCurve
{
    private const double Bend = 46;
    private readonly (double X, double Y)[] _points;

    public EdgeCurve((double X, double Y) from, (double X, double Y) to)
    {
        const double half = MapLayout.NodeHeight / 2;
        var (right, left) = ((X: from.X + MapLayout.NodeWidth, Y: from.Y + half), (X: to.X, Y: to.Y + half));

        if (to.X > from.X)
        {
            var middle = (right.X + left.X) / 2;
            _points = [right, (middle, right.Y), (middle, left.Y), left];
        }
        else if (Math.Abs(to.X - from.X) < 1)
        {
            _points = [right, (right.X + Bend, right.Y), (right.X + Bend, left.Y), (to.X + MapLayout.NodeWidth, left.Y)];
        }
        else
        {
            // From below to below, or from above to above when that is nearer.
            var down = to.Y >= from.Y;
            var (start, end) = (
                (X: from.X + (MapLayout.NodeWidth / 3), Y: down ? from.Y + MapLayout.NodeHeight : from.Y),
                (X: to.X + (MapLayout.NodeWidth * 2 / 3), Y: down ? to.Y : to.Y + MapLayout.NodeHeight)
            );
            var deep = Math.Abs(end.Y - start.Y) < MapLayout.NodeHeight ? Bend : 0;
            _points =
                deep > 0
                    ?
                    [
                        (start.X, from.Y + MapLayout.NodeHeight),
                        (start.X, from.Y + MapLayout.NodeHeight + Bend),
                        (end.X, to.Y + MapLayout.NodeHeight + Bend),
                        (end.X, to.Y + MapLayout.NodeHeight),
                    ]
                    : [start, (start.X, (start.Y + end.Y) / 2), (end.X, (start.Y + end.Y) / 2), end];
        }
    }

    public string Path => $"M{Text(0)}C{Text(1)} {Text(2)} {Text(3)}";

    public (double X, double Y) At(double share)
    {
        var rest = 1 - share;
        var (a, b, c, d) = (rest * rest * rest, 3 * rest * rest * share, 3 * rest * share * share, share * share * share);
        return (
            (a * _points[0].X) + (b * _points[1].X) + (c * _points[2].X) + (d * _points[3].X),
            (a * _points[0].Y) + (b * _points[1].Y) + (c * _points[2].Y) + (d * _points[3].Y)
        );
    }

    private string Text(int point) => $"{Format.Number(_points[point].X)} {Format.Number(_points[point].Y)}";
}
