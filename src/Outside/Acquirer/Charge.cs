using System.Text.Json.Serialization;

namespace Platform.Acquirer;

internal enum ChargeStatus
{
    Captured,
    Declined,
    Voided,
}

/// <summary>A charge as customers see it. A key voided before any charge has no id, amount, currency or reference.</summary>
internal sealed record Charge(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    ChargeStatus Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Amount,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Currency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reference,
    Guid IdempotencyKey,
    DateTimeOffset CreatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? DeclineReason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ChargedCard? Card
)
{
    public static Charge From(LedgerEntry entry) =>
        new(
            entry.Id,
            entry.Status,
            entry.Amount,
            entry.Currency,
            entry.Reference,
            entry.Key,
            entry.CreatedAt,
            entry.DeclineReason,
            entry is { Last4: not null, Network: not null } ? new ChargedCard(entry.Last4, entry.Network) : null
        );
}

internal sealed record ChargedCard(string Last4, string Network);
