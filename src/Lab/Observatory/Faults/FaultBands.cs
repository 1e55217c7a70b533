using Platform.Observatory.Charts;
using Platform.Observatory.Text;

namespace Platform.Observatory.Faults;

/// <summary>The times of faults on a chart.</summary>
internal static class FaultBands
{
    public static IReadOnlyList<Zone> Of(TimeAxis axis, IEnumerable<KnownFault> faults, DateTimeOffset now) =>
        [
            .. faults
                .Select(fault => (Fault: fault, From: UnixTime.NanosOf(fault.StartedAt), To: UnixTime.NanosOf(fault.EndedAt ?? now)))
                .Where(fault => fault.To >= axis.From && fault.From <= axis.To)
                .Select(fault => new Zone(
                    Format.Number(axis.At(fault.From)),
                    Format.Number(axis.At(fault.To) - axis.At(fault.From)),
                    $"/faults#f{fault.Fault.Id}",
                    $"{fault.Fault.Resource}: {fault.Fault.Title} {fault.Fault.Scope}".TrimEnd()
                )),
        ];
}
