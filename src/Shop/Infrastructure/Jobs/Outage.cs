using Platform.Infrastructure.Data;

namespace Platform.Infrastructure.Jobs;

/// <summary>Failures in a row of something that is tried again and again. The first of each kind is worth a line, not each try.</summary>
/// <param name="passes">Whether a failure passes by itself, a lost connection for one.</param>
/// <param name="refusalOf">What a person must change before it works again; null for every other failure.</param>
public sealed class Outage(Func<Exception, bool> passes, Func<Exception, string?> refusalOf)
{
    private string? _refusal;

    /// <summary>From 1 in an outage.</summary>
    public int Failures { get; private set; }

    public static Outage OfDatabase() => new(DatabaseFailure.IsTransient, DatabaseFailure.RefusalOf);

    /// <param name="exception">The failure.</param>
    /// <param name="refusal">What a person must see to; null when it passes by itself.</param>
    public bool IsNew(Exception exception, out string? refusal)
    {
        refusal = refusalOf(exception) ?? (passes(exception) ? null : $"nobody foresaw this ({exception.GetType().Name})");
        var isNew = Failures == 0 || refusal != _refusal;
        Failures++;
        _refusal = refusal;
        return isNew;
    }

    public void End() => (Failures, _refusal) = (0, null);
}
