using System.Threading.Channels;

namespace Sentry.Sending;

/// <summary>Takes items without ever waiting, and sends them one after the other in the background.</summary>
internal sealed class EnvelopeQueue : IDisposable
{
    private readonly SentryOptions _options;
    private readonly RateLimits _limits = new(TimeProvider.System);
    private readonly EnvelopeSender _sender;
    private readonly CancellationTokenSource _stop = new();

    // Bounded by MaxQueueItems; what does not fit is dropped and counted.
    private readonly Channel<EnvelopeItem> _items;

    private readonly Task _worker;
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _accepted;
    private long _done;
    private int _closed;

    public EnvelopeQueue(Dsn dsn, SentryOptions options)
    {
        _options = options;
        Reports = new ClientReports(options.SendClientReports);
        _sender = new EnvelopeSender(dsn, options, _limits, Reports);
        _items = Channel.CreateBounded<EnvelopeItem>(new BoundedChannelOptions(options.MaxQueueItems) { SingleReader = true });

        // The worker outlives the request that may have started it, and must not carry its Activity or scope.
        using (ExecutionContext.SuppressFlow())
        {
            _worker = Task.Run(WorkAsync);
        }
    }

    public ClientReports Reports { get; }

    /// <summary>True, and counted, when an item would be dropped anyway: an exception storm need not pay for stack traces.</summary>
    public bool Refuses(string category)
    {
        var reason = _limits.IsLimited(category) ? Discard.RateLimit
            : _items.Reader.Count >= _options.MaxQueueItems ? Discard.QueueOverflow
            : null;
        if (reason is null)
        {
            return false;
        }

        Reports.Record(reason, category);
        return true;
    }

    public bool TryAdd(EnvelopeItem item)
    {
        if (!_items.Writer.TryWrite(item))
        {
            Reports.Record(Discard.QueueOverflow, item.Category);
            return false;
        }

        Interlocked.Increment(ref _accepted);
        return true;
    }

    /// <summary>Waits until what was taken before this call has been sent or dropped.</summary>
    public async Task FlushAsync(TimeSpan timeout)
    {
        var target = Interlocked.Read(ref _accepted);
        using var deadline = new CancellationTokenSource(timeout);
        while (true)
        {
            var progress = Volatile.Read(ref _progress).Task;
            if (Interlocked.Read(ref _done) >= target)
            {
                return;
            }

            try
            {
                await progress.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                _options.Log(SentryLevel.Warning, "Not everything was sent within {0}.", null, timeout);
                return;
            }
        }
    }

    /// <summary>Sends what is left and the last counts, within the time limit.</summary>
    public void Close(TimeSpan timeout)
    {
        if (Interlocked.Exchange(ref _closed, 1) == 1)
        {
            return;
        }

        _items.Writer.TryComplete();
        if (!_worker.Wait(timeout))
        {
            _options.Log(SentryLevel.Warning, "{0} items were not sent within {1}.", null, _items.Reader.Count, timeout);
            _stop.Cancel();
        }
    }

    public void Dispose()
    {
        Close(TimeSpan.Zero);
        _stop.Dispose();
        _sender.Dispose();
    }

    private async Task WorkAsync()
    {
        await foreach (var item in _items.Reader.ReadAllAsync())
        {
            await SendAsync(item);
            Interlocked.Increment(ref _done);
            Interlocked.Exchange(ref _progress, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }

        if (!_limits.IsLimited("internal"))
        {
            await SendAsync(null);
        }
    }

    private async Task SendAsync(EnvelopeItem? item)
    {
        try
        {
            if (!_stop.IsCancellationRequested)
            {
                await _sender.SendAsync(item, _stop.Token);
            }
        }
#pragma warning disable CA1031 // the one worker must outlive any envelope; the loss is counted and said
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _options.Log(SentryLevel.Error, "An envelope could not be sent and is dropped.", exception);
            Reports.Record(Discard.InternalError, item?.Category ?? EnvelopeItem.ErrorCategory);
        }
    }
}
