using Microsoft.AspNetCore.Http.HttpResults;

namespace Platform.Acquirer;

internal static class GetCharge
{
    public static void MapGetCharge(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/charges/{key:guid}", Handle);

    private static Results<Ok<Charge>, ProblemHttpResult> Handle(Guid key, Ledger ledger) =>
        ledger.Find(key) is { } entry
            ? TypedResults.Ok(Charge.From(entry))
            : TypedResults.Problem("No charge has this key.", statusCode: StatusCodes.Status404NotFound);
}
