using System.Diagnostics;
using System.Diagnostics.Metrics;
using Platform.Contracts;

namespace Platform.Payments;

/// <summary>Dashboards and drills rely on these names; renaming one is a breaking change.</summary>
internal static class PaymentsTelemetry
{
    public const string Name = "Platform.Payments";

    public static readonly ActivitySource Source = new(new ActivitySourceOptions(Name) { Version = "1.0.0" });
}

internal sealed class PaymentsMetrics
{
    /// <summary>What our books say of a capture that the acquirer reports.</summary>
    public const string Agrees = "agrees";
    public const string DeclinedHere = "declined";
    public const string Unknown = "unknown";

    private readonly Counter<long> _decided;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _overdue;
    private readonly Counter<long> _revenue;
    private readonly Counter<long> _confirmed;

    public PaymentsMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(PaymentsTelemetry.Name);
        _decided = meter.CreateCounter<long>("platform.payments.decided", "{payment}", "Payments that reached a final outcome.");
        _attempts = meter.CreateCounter<long>("platform.payments.attempts", "{attempt}", "Tries to charge, by what came of them.");
        _revenue = meter.CreateCounter<long>(
            "platform.payments.revenue",
            "{minor}",
            "Money captured, in minor units (cents), by currency; refunds are not taken off."
        );
        _confirmed = meter.CreateCounter<long>(
            "platform.payments.confirmed",
            "{payment}",
            "Captures that the acquirer reported, each once: agrees with our books, declined or unknown there."
        );
        _overdue = meter.CreateCounter<long>(
            "platform.payments.overdue",
            "{payment}",
            "Payments whose outcome could not be found out in time."
        );

        // A series that begins with 1 has no increase: all that is compared begins with 0.
        Decided(PaymentSteps.Captured, 0);
        Decided(PaymentSteps.Declined, 0);
        foreach (var outcome in new[] { Agrees, DeclinedHere, Unknown })
        {
            Confirmed(outcome, 0);
        }
    }

    public void Decided(string status, long count = 1) =>
        _decided.Add(count, new KeyValuePair<string, object?>(Attributes.Outcome, status));

    public void Captured(long amountMinor, string currency) =>
        _revenue.Add(amountMinor, new KeyValuePair<string, object?>("platform.currency", currency));

    public void Attempted(string outcome) => _attempts.Add(1, new KeyValuePair<string, object?>(Attributes.Outcome, outcome));

    public void Confirmed(string outcome, long count = 1) =>
        _confirmed.Add(count, new KeyValuePair<string, object?>(Attributes.Outcome, outcome));

    public void Overdue() => _overdue.Add(1);
}
