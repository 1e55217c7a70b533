using System.Text.Json.Serialization;

namespace Platform.Acquirer;

/// <summary>
/// The latest decision for one key, and one line of the ledger file. Of the card it has last4 and network, nothing more.
/// </summary>
internal sealed record LedgerEntry
{
    public required Guid Key { get; init; }

    public required ChargeStatus Status { get; init; }

    public long? Amount { get; init; }

    public string? Currency { get; init; }

    public string? Reference { get; init; }

    public string? DeclineReason { get; init; }

    public string? Last4 { get; init; }

    public string? Network { get; init; }

    public ulong Fingerprint { get; init; }

    /// <summary>Whether voiding refunded a charge.</summary>
    public bool HadCharge { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    // One key is one charge, so the id is derived from the key.
    [JsonIgnore]
    public string? Id => Amount is null ? null : $"ch_{Key:N}";
}

internal enum LedgerOutcome
{
    Recorded,
    Replayed,
    OtherBody,
    Voided,
    Full,
}

internal readonly record struct LedgerAnswer(LedgerOutcome Outcome, LedgerEntry? Entry);
