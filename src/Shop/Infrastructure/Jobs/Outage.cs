using Platform.Infrastructure.Data;

namespace Platform.Infrastructure.Jobs;

/// <summary>Consecutive failures of something that is retried. Only the first of each cause is worth a log line.</summary>
/// <param name="isTransient">Whether a failure is transient, such as a lost connection.</param>
/// <param name="refusalOf">What an operator must fix before it works again; null for every other failure.</param>
public sealed class Outage(Func<Exception, bool> isTransient, Func<Exception, string?> refusalOf)
{
    private string? _refusal;

    /// <summary>Failures so far in this outage.</summary>
    public int Failures { get; private set; }

    public static Outage OfDatabase() => new(DatabaseFailure.IsTransient, DatabaseFailure.RefusalOf);

    /// <param name="exception">The failure.</param>
    /// <param name="refusal">What an operator must fix; null for a transient failure.</param>
    public bool IsNew(Exception exception, out string? refusal)
    {
        refusal = refusalOf(exception) ?? (isTransient(exception) ? null : $"unexpected failure ({exception.GetType().Name})");
        var isNew = Failures == 0 || refusal != _refusal;
        Failures++;
        _refusal = refusal;
        return isNew;
    }

    public void End() => (Failures, _refusal) = (0, null);
}
