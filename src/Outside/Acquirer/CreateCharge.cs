using System.Text.Json;
using Microsoft.Extensions.Options;
using Platform.OutsideCompany;

namespace Platform.Acquirer;

internal static class CreateCharge
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void MapCreateCharge(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/charges", HandleAsync);

    // No cancellation token: a charge proceeds after its caller has disconnected.
    private static async Task<IResult> HandleAsync(
        HttpContext context,
        Ledger ledger,
        WebhookQueue webhooks,
        BehaviourSwitch behaviour,
        UnansweredRequest unanswered,
        IOptions<AcquirerOptions> options,
        TimeProvider time
    )
    {
        if (!Guid.TryParseExact(context.Request.Headers["Idempotency-Key"], "D", out var key))
        {
            return AdminApi.Invalid("Idempotency-Key", "Send a UUID in this header.");
        }

        ChargeRequest? request;
        try
        {
            request = await JsonSerializer.DeserializeAsync<ChargeRequest>(context.Request.Body, Json, CancellationToken.None);
        }
        catch (JsonException exception)
        {
            // 400 with the JSON path only: the reader's message may quote the body.
            return AdminApi.Invalid(exception.Path ?? "$", "Is not the JSON that was expected.");
        }

        if (request is null || request.Errors() is not { Count: 0 })
        {
            return TypedResults.ValidationProblem(request?.Errors() ?? []);
        }

        LedgerAnswer answer;
        try
        {
            answer = ledger.Record(Decide(request, key, behaviour, options.Value, time));
        }
        catch (IOException)
        {
            // Nothing was charged; the ledger has logged why.
            return TypedResults.Problem(
                "The ledger cannot be written; nothing was charged.",
                statusCode: StatusCodes.Status503ServiceUnavailable
            );
        }

        if (answer is { Outcome: LedgerOutcome.Recorded, Entry: { } entry })
        {
            webhooks.Announce(entry);
        }

        if (BehaviourSwitch.Happens(behaviour.Current.TimeoutRate))
        {
            await unanswered.HoldAsync(context);
            return TypedResults.Empty;
        }

        return Answer(answer);
    }

    private static LedgerEntry Decide(
        ChargeRequest request,
        Guid key,
        BehaviourSwitch behaviour,
        AcquirerOptions options,
        TimeProvider time
    )
    {
        var now = time.GetUtcNow();
        var card = request.Card!;
        var declineReason = card.DeclineReason(now) ?? (BehaviourSwitch.Happens(behaviour.Current.DeclineRate) ? "do_not_honor" : null);
        return new LedgerEntry
        {
            Key = key,
            Status = declineReason is null ? ChargeStatus.Captured : ChargeStatus.Declined,
            Amount = request.Amount,
            Currency = request.Currency,
            Reference = request.Reference,
            DeclineReason = declineReason,
            Last4 = card.Last4,
            Network = card.Network,
            Fingerprint = request.Fingerprint(options.ApiKey),
            CreatedAt = now,
        };
    }

    private static IResult Answer(LedgerAnswer answer) =>
        answer switch
        {
            { Outcome: LedgerOutcome.Voided } => TypedResults.Problem(
                "This key was voided.",
                statusCode: StatusCodes.Status409Conflict,
                extensions: [new("code", "voided")]
            ),
            { Outcome: LedgerOutcome.OtherBody } => TypedResults.Problem(
                "This key was used with another body.",
                statusCode: StatusCodes.Status422UnprocessableEntity,
                extensions: [new("code", "key_reused")]
            ),
            { Outcome: LedgerOutcome.Full } => TypedResults.Problem(
                "The ledger is full; nothing was charged.",
                statusCode: StatusCodes.Status503ServiceUnavailable,
                extensions: [new("code", "ledger_full")]
            ),
            { Entry: { Status: ChargeStatus.Declined } entry } => TypedResults.Json(
                Charge.From(entry),
                statusCode: StatusCodes.Status402PaymentRequired
            ),
            { Outcome: LedgerOutcome.Recorded, Entry: { } entry } => TypedResults.Created($"/v1/charges/{entry.Key}", Charge.From(entry)),
            { Entry: { } entry } => TypedResults.Ok(Charge.From(entry)),
            _ => throw new InvalidOperationException($"The ledger answered {answer.Outcome} without an entry."),
        };
}
