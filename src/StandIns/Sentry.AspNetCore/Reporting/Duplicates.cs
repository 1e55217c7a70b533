using System.Runtime.CompilerServices;

namespace Sentry.Reporting;

/// <summary>Lets one exception instance be reported once, however many layers report it.</summary>
internal sealed class Duplicates
{
    // Bounded: an entry goes with its exception.
    private readonly ConditionalWeakTable<Exception, object> _seen = [];

    public bool TryAdd(Exception exception)
    {
        if (exception is AggregateException group && group.InnerExceptions.Any(inner => _seen.TryGetValue(inner, out _)))
        {
            return false;
        }

        return _seen.TryAdd(exception, exception.GetType());
    }
}
