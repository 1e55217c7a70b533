using Platform.Observatory.Releases;
using Platform.Observatory.Text;

namespace Platform.Observatory.Charts;

/// <summary>The time axis of a chart: positions, labels, deploys, and slices that zoom in.</summary>
internal sealed class TimeAxis(ulong from, ulong to)
{
    private const int Marks = 4;
    private const int Slices = 30;
    private const double LastThird = 66;

    public ulong From { get; } = from;

    public ulong To { get; } = Math.Max(to, from + 1);

    public double At(ulong nanos) => Math.Clamp((nanos - (double)From) / (To - From) * 100, 0, 100);

    public IReadOnlyList<TimeMark> Times =>
        [
            .. Enumerable
                .Range(0, Marks + 1)
                .Select(mark => new TimeMark(
                    Format.Number(100.0 * mark / Marks),
                    Format.Minute(Moment(mark, Marks)),
                    mark switch
                    {
                        0 => "first",
                        Marks => "last",
                        _ => "",
                    }
                )),
        ];

    public IReadOnlyList<Zone> Zones(string address) =>
        [
            .. Enumerable
                .Range(0, Slices)
                .Select(slice =>
                {
                    var (from, to) = (Format.Iso(Moment(slice, Slices)), Format.Iso(Moment(slice + 1, Slices)));
                    return new Zone(
                        Format.Number(100.0 * slice / Slices),
                        Format.Number(100.0 / Slices),
                        Addresses.With(address, ("from", from), ("to", to), ("range", null), ("page", null)),
                        $"Only {from[11..19]} to {to[11..19]} UTC"
                    );
                }),
        ];

    public IReadOnlyList<DeployMark> Deploys(IEnumerable<Deploy> deploys) =>
        [
            .. deploys
                .Where(deploy => deploy.PreviousRelease is not null && UnixTime.NanosOf(deploy.Time) is var at && at >= From && at <= To)
                .Select(deploy =>
                {
                    var at = At(UnixTime.NanosOf(deploy.Time));
                    return new DeployMark(
                        Format.Number(at),
                        $"{deploy.Service} {deploy.Release[(deploy.Release.LastIndexOf('-') + 1)..]}",
                        DeployLinks.Of(deploy).Page,
                        at > LastThird ? "flip" : ""
                    );
                }),
        ];

    private ulong Moment(int step, int steps) => From + (ulong)((To - From) * (step / (double)steps));
}
