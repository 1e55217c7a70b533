namespace Platform.Observatory.Faults;

/// <summary>Something that a person broke on purpose, to practise.</summary>
/// <param name="Id">Opaque.</param>
/// <param name="Resource">Where it lives.</param>
/// <param name="Title">A few words.</param>
/// <param name="Scope">What it is limited to; empty for all.</param>
/// <param name="Strength">How much; null where there is nothing to choose.</param>
/// <param name="StartedAt">When it was injected.</param>
/// <param name="EndsAt">When it ends at the latest.</param>
/// <param name="EndedAt">Null while it is on.</param>
internal sealed record KnownFault(
    string Id,
    string Resource,
    string Title,
    string Scope,
    double? Strength,
    DateTimeOffset StartedAt,
    DateTimeOffset EndsAt,
    DateTimeOffset? EndedAt
);

/// <summary>What whoever breaks things has told last; the whole list each time, so that nothing has to be kept here.</summary>
internal sealed class FaultStore
{
    public const int Capacity = 200;

    // Bounded by Capacity.
    private volatile IReadOnlyList<KnownFault> _all = [];

    /// <summary>In the order in which they were injected.</summary>
    public IReadOnlyList<KnownFault> All => _all;

    public void Replace(IEnumerable<KnownFault> faults) => _all = [.. faults.OrderBy(fault => fault.StartedAt).TakeLast(Capacity)];
}
