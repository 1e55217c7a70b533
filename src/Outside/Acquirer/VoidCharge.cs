using Microsoft.AspNetCore.Http.HttpResults;

namespace Platform.Acquirer;

/// <summary>Refunds a charge, or blocks the key for one still in flight. Idempotent.</summary>
internal static class VoidCharge
{
    public static void MapVoidCharge(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/charges/{key:guid}/void", Handle);

    private static Results<Ok<VoidResponse>, ProblemHttpResult> Handle(Guid key, Ledger ledger, WebhookQueue webhooks)
    {
        LedgerAnswer answer;
        try
        {
            answer = ledger.Void(key);
        }
        catch (IOException)
        {
            // Nothing was voided; the ledger has logged why.
            return TypedResults.Problem(
                "The ledger cannot be written; nothing was voided.",
                statusCode: StatusCodes.Status503ServiceUnavailable
            );
        }

        if (answer.Entry is not { } entry)
        {
            return TypedResults.Problem("The ledger is full; nothing was voided.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        if (answer.Outcome == LedgerOutcome.Recorded)
        {
            webhooks.Announce(entry);
        }

        return TypedResults.Ok(new VoidResponse(entry.Status, entry.HadCharge));
    }
}

internal sealed record VoidResponse(ChargeStatus Status, bool HadCharge);
