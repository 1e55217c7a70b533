namespace Platform.Gateway;

/// <summary>
/// The seeded tenants and their users. A real platform asks its identity provider; here the set is fixed, so that "who is affected" has a
/// true answer.
/// </summary>
internal static class Tenants
{
    private const int UsersPerTenant = 12;

    private static readonly string[] Names = ["acme", "birch", "cedar", "dune", "ember", "fjord", "grove", "harbor"];

    private static readonly HashSet<(string Tenant, string User)> Users =
    [
        .. Names.SelectMany(tenant => Enumerable.Range(1, UsersPerTenant).Select(number => (tenant, $"{tenant}-u{number:00}"))),
    ];

    public static bool Has(string tenant, string user) => Users.Contains((tenant, user));
}
