using Platform.ServiceDefaults.Data;

namespace Platform.Messaging;

/// <summary>Failures in a row. The first of each kind is worth a line, not each try.</summary>
internal sealed class Outage
{
    private string? _refusal;

    /// <summary>From 1 in an outage.</summary>
    public int Failures { get; private set; }

    /// <param name="exception">The failure.</param>
    /// <param name="refusal">What a person must see to; null when it passes by itself.</param>
    public bool IsNew(Exception exception, out string? refusal)
    {
        var passes = BrokerFailure.IsBroker(exception) || DatabaseFailure.IsTransient(exception);
        refusal =
            BrokerFailure.RefusalOf(exception)
            ?? DatabaseFailure.RefusalOf(exception)
            ?? (passes ? null : $"nobody foresaw this ({exception.GetType().Name})");
        var isNew = Failures == 0 || refusal != _refusal;
        Failures++;
        _refusal = refusal;
        return isNew;
    }

    public void End() => (Failures, _refusal) = (0, null);
}
