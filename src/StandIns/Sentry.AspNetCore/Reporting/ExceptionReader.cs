using Sentry.Protocol;

namespace Sentry.Reporting;

internal static class ExceptionReader
{
    // An AggregateException of a large Parallel.ForEach holds one exception per item.
    private const int MaxExceptions = 50;

    /// <summary>The chain of an exception, the outermost last.</summary>
    public static List<SentryException> Read(Exception exception, SentryOptions options)
    {
        var chain = new List<SentryException>();
        Add(chain, exception, parent: null, source: null, options);
        chain.Reverse();
        var outermost = chain[^1];
        outermost.Mechanism = MechanismOf(exception, outermost.Mechanism!, chain.Count > 1);
        if (options.AttachStacktrace)
        {
            // An exception that was made but never thrown has no stack of its own.
            outermost.Stacktrace ??= StackReader.ReadCurrent(options);
        }

        return chain;
    }

    private static void Add(List<SentryException> chain, Exception exception, int? parent, string? source, SentryOptions options)
    {
        if (chain.Count == MaxExceptions)
        {
            return;
        }

        var id = chain.Count;
        var group = exception as AggregateException;
        chain.Add(new SentryException
        {
            Type = exception.GetType().FullName,
            Value = Text.Shorten(exception.Message),
            Module = exception.GetType().Assembly.FullName,
            ThreadId = Environment.CurrentManagedThreadId,
            Stacktrace = StackReader.Read(exception, options),
            Mechanism = new Mechanism
            {
                Type = "chained",
                Source = source,
                ExceptionId = id,
                ParentId = parent,
                IsExceptionGroup = group is not null,
            },
        });

        if (group is not null)
        {
            for (var i = 0; i < group.InnerExceptions.Count; i++)
            {
                Add(chain, group.InnerExceptions[i], id, $"InnerExceptions[{i}]", options);
            }
        }
        else if (exception.InnerException is { } inner)
        {
            Add(chain, inner, id, "InnerException", options);
        }
    }

    private static Mechanism MechanismOf(Exception exception, Mechanism position, bool chained) =>
        new()
        {
            Type = exception.Data[Mechanism.MechanismKey] as string ?? "generic",
            Description = exception.Data[Mechanism.DescriptionKey] as string,
            Handled = exception.Data[Mechanism.HandledKey] as bool? ?? true,
            ExceptionId = chained ? position.ExceptionId : null,
            IsExceptionGroup = position.IsExceptionGroup,
        };
}
