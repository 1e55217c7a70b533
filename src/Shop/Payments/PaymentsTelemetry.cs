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
    private readonly Counter<long> _decided;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _overdue;
    private readonly Counter<long> _revenue;

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
        _overdue = meter.CreateCounter<long>(
            "platform.payments.overdue",
            "{payment}",
            "Payments whose outcome could not be found out in time."
        );
    }

    public void Decided(string status) => _decided.Add(1, new KeyValuePair<string, object?>(Attributes.Outcome, status));

    public void Captured(long amountMinor, string currency) =>
        _revenue.Add(amountMinor, new KeyValuePair<string, object?>("platform.currency", currency));

    public void Attempted(string outcome) => _attempts.Add(1, new KeyValuePair<string, object?>(Attributes.Outcome, outcome));

    public void Overdue() => _overdue.Add(1);
}
