using Platform.Faults;

namespace Platform.AppHost.Faults;

/// <summary>Too much load, from one tenant or from all, and none.</summary>
internal static class TrafficFaults
{
    private static readonly string[] Tenants = ["acme", "birch", "cedar", "dune", "ember", "fjord", "grove", "harbor"];

    public static IEnumerable<Fault> All()
    {
        const string Traffic = "traffic";
        yield return new LoadFault(
            Traffic,
            new(
                "noisy-tenant",
                "Noisy tenant",
                "PeopleTeam",
                "Everybody waits longer, because of one.",
                "Requests of one tenant.id multiply; latency rises for all tenants, errors for none or for all."
            ),
            new("Times its share", "1", 2, 200, 20),
            Tenants,
            (before, strength) => (before, (int)strength)
        );
        yield return new LoadFault(
            Traffic,
            new(
                "stopped",
                "Traffic stops",
                "PeopleProhibited",
                "Nobody is there to feel it.",
                "Requests fall to zero without an error; health is well everywhere."
            ),
            null,
            [],
            (_, _) => (0, 1)
        );
        yield return new LoadFault(
            Traffic,
            new(
                "burst",
                "Burst",
                "TopSpeed",
                "Everybody waits longer.",
                "All rates multiply at once, then latency, queues and the pools' waiting ones."
            ),
            new("Times the load", "1", 2, 50, 10),
            [],
            (before, strength) => (before * strength, 1)
        );
    }
}
