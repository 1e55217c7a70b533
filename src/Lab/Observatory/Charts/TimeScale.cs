using Platform.Observatory.Text;

namespace Platform.Observatory.Charts;

/// <summary>Maps times of a trace to 0 to 100; values outside are clamped.</summary>
internal sealed class TimeScale(ulong start, ulong end)
{
    public ulong Start { get; } = start;

    public ulong End { get; } = Math.Max(end, start);

    public double Length { get; } = Math.Max(1, Math.Max(end, start) - start);

    public double At(ulong moment) => Math.Clamp((moment - (double)Start) / Length * 100, 0, 100);

    public bool Shows(ulong from, ulong to) => to >= Start && from <= End;

    public Bar Bar(ulong from, ulong to, string cssClass)
    {
        var left = At(from);
        return new Bar(Format.Number(left), Format.Number(Math.Max(0, At(to) - left)), cssClass);
    }

    public IReadOnlyList<Bar> Bars(IEnumerable<(ulong Start, ulong End)> parts) =>
        [.. parts.Where(part => Shows(part.Start, part.End)).Select(part => Bar(part.Start, part.End, ""))];
}
