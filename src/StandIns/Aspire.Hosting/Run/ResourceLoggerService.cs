using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Aspire.Hosting.Run;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);

/// <summary>What resources print, and what is said about them.</summary>
public class ResourceLoggerService : IDisposable
{
    private readonly ConcurrentDictionary<string, ResourceLog> _logs = new(StringComparer.OrdinalIgnoreCase);

    public ILogger GetLogger(IResource resource) => resource.InstanceIds() is [var only] ? GetLogger(only) : new AllReplicas([.. resource.InstanceIds().Select(GetLogger)]);

    public ILogger GetLogger(string resourceName) => LogOf(resourceName);

    /// <summary>The lines so far and then every new one.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(IResource resource) => resource.InstanceIds() is [var only] ? WatchAsync(only) : MergeAsync(resource.InstanceIds());

    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(string resourceName) => LogOf(resourceName).WatchAsync();

    public async IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(IResource resource)
    {
        foreach (var id in resource.InstanceIds())
        {
            await foreach (var lines in GetAllAsync(id).ConfigureAwait(false))
            {
                yield return lines;
            }
        }
    }

    public async IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(string resourceName)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        yield return LogOf(resourceName).Lines();
    }

    public void Complete(IResource resource)
    {
        foreach (var id in resource.InstanceIds())
        {
            Complete(id);
        }
    }

    public void Complete(string name) => LogOf(name).Complete();

    public void ClearBacklog(string resourceName) => LogOf(resourceName).Clear();

    public void Dispose()
    {
        foreach (var log in _logs.Values)
        {
            log.Complete();
        }

        GC.SuppressFinalize(this);
    }

    internal void Write(string resourceId, string line, bool isError) => LogOf(resourceId).Write(line, isError);

    private async IAsyncEnumerable<IReadOnlyList<LogLine>> MergeAsync(IReadOnlyList<string> ids, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var merged = Channel.CreateBounded<IReadOnlyList<LogLine>>(ids.Count);
        Task pumps = Task.WhenAll(ids.Select(PumpAsync)).ContinueWith(_ => merged.Writer.TryComplete(), TaskScheduler.Default);
        try
        {
            await foreach (var lines in merged.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return lines;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await pumps.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task PumpAsync(string id)
        {
            await foreach (var lines in WatchAsync(id).WithCancellation(stop.Token).ConfigureAwait(false))
            {
                await merged.Writer.WriteAsync(lines, stop.Token).ConfigureAwait(false);
            }
        }
    }

    // Bounded by the number of resources.
    private ResourceLog LogOf(string name) => _logs.GetOrAdd(name, _ => new ResourceLog());

    /// <summary>What is said about a resource is said in the log of each replica.</summary>
    private sealed class AllReplicas(IReadOnlyList<ILogger> logs) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            foreach (var log in logs)
            {
                log.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
