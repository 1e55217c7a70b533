using Microsoft.AspNetCore.Http.HttpResults;
using Platform.OutsideCompany;

namespace Platform.Acquirer;

internal static class LedgerAdmin
{
    private const int MaxPage = 10_000;

    public static void MapLedgerAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapAdminGroup();
        admin.MapGet("/ledger", ListLedger);
        admin.MapGet("/webhooks", (WebhookQueue webhooks) => TypedResults.Ok(webhooks.Counts()));
    }

    private static Results<Ok<LedgerPage>, ValidationProblem> ListLedger(string? status, int? limit, int? after, Ledger ledger)
    {
        if (!AdminApi.TryLimit(limit, MaxPage, out var count, out var problem))
        {
            return problem;
        }

        if (after < 0)
        {
            return AdminApi.Invalid("after", "Must be 0 or the last number that was read.");
        }

        ChargeStatus? wanted = status?.ToLowerInvariant() switch
        {
            "captured" => ChargeStatus.Captured,
            "declined" => ChargeStatus.Declined,
            "voided" => ChargeStatus.Voided,
            _ => null,
        };
        return status is not null && wanted is null
            ? AdminApi.Invalid("status", "Must be captured, declined or voided.")
            : TypedResults.Ok(ledger.List(wanted, after ?? 0, count));
    }
}

/// <summary>The answer of GET /admin/ledger; <see cref="Next"/> goes into ?after= for the next page and is null at the end.</summary>
internal sealed record LedgerPage(
    int Count,
    int Capacity,
    Dictionary<ChargeStatus, int> Totals,
    IReadOnlyList<LedgerListing> Entries,
    int? Next
);

internal sealed record LedgerListing(
    int Number,
    Guid Key,
    string? Reference,
    long? Amount,
    string? Currency,
    ChargeStatus Status,
    string? DeclineReason,
    bool HadCharge,
    DateTimeOffset CreatedAt
)
{
    public static LedgerListing From(int number, LedgerEntry entry) =>
        new(
            number,
            entry.Key,
            entry.Reference,
            entry.Amount,
            entry.Currency,
            entry.Status,
            entry.DeclineReason,
            entry.HadCharge,
            entry.CreatedAt
        );
}
