namespace Platform.Traffic;

/// <summary>One arrival. Everything random is drawn on arrival, so that responses and their order change nothing.</summary>
internal sealed record Shopper(string Tenant, string User, bool PaysWithDeclinedCard, int BasketSeed);

/// <summary>Draws the same shoppers in the same order for the same seed. Not thread-safe: one arrival loop draws.</summary>
internal sealed class Shoppers(int seed, double declineShare)
{
    private const int UsersPerTenant = 12;

    // Percent. Uneven, so that the answer to "who is affected" is not always "everybody alike".
    private static readonly (string Tenant, int Weight)[] Tenants =
    [
        ("acme", 30),
        ("birch", 20),
        ("cedar", 14),
        ("dune", 11),
        ("ember", 9),
        ("fjord", 7),
        ("grove", 5),
        ("harbor", 4),
    ];

    private static readonly int TotalWeight = Tenants.Sum(tenant => tenant.Weight);

    // Seeded on purpose; not used for secrets.
    private readonly Random _random = new(seed);

    public Shopper Next()
    {
        var tenant = NextTenant();
        var user = $"{tenant}-u{_random.Next(1, UsersPerTenant + 1):00}";
        return new Shopper(tenant, user, _random.NextDouble() < declineShare, _random.Next());
    }

    private string NextTenant()
    {
        var remaining = _random.Next(TotalWeight);
        foreach (var (tenant, weight) in Tenants)
        {
            remaining -= weight;
            if (remaining < 0)
            {
                return tenant;
            }
        }

        throw new InvalidOperationException("The weights do not add up to the total weight.");
    }
}
