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

    /// <summary>Share of all shoppers (0 to 1); null for a tenant that there is not.</summary>
    public static double? ShareOf(string tenant) =>
        Tenants.FirstOrDefault(known => known.Tenant == tenant) is { Tenant: not null } found ? found.Weight / (double)TotalWeight : null;

    /// <param name="surge">A tenant that sends a multiple of its share; null for none.</param>
    public Shopper Next(Surge? surge = null)
    {
        var tenant = NextTenant(surge);
        var user = $"{tenant}-u{_random.Next(1, UsersPerTenant + 1):00}";
        return new Shopper(tenant, user, _random.NextDouble() < declineShare, _random.Next());
    }

    private string NextTenant(Surge? surge)
    {
        var remaining = _random.Next(Tenants.Sum(WeightOf));
        foreach (var tenant in Tenants)
        {
            remaining -= WeightOf(tenant);
            if (remaining < 0)
            {
                return tenant.Tenant;
            }
        }

        throw new InvalidOperationException("The weights do not add up to the total weight.");

        int WeightOf((string Tenant, int Weight) tenant) => surge?.Tenant == tenant.Tenant ? tenant.Weight * surge.Times : tenant.Weight;
    }
}
