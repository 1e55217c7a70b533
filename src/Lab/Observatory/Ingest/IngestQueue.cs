using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;
using Platform.Observatory.Store;

namespace Platform.Observatory.Ingest;

/// <summary>
/// Queue between receiving and storing: senders never wait for the store's lock, and a full queue is reported at once as backpressure.
/// </summary>
internal sealed class IngestQueue<TRecord>(SignalStore<TRecord> store, IOptions<ObservatoryOptions> options) : BackgroundService
    where TRecord : TelemetryRecord
{
    // Bounded by QueuedBatches here and by QueuedBytes in TryEnqueue.
    private readonly Channel<Batch> _batches = Channel.CreateBounded<Batch>(
        new BoundedChannelOptions(options.Value.QueuedBatches) { SingleReader = true }
    );

    private long _bytes;

    public bool TryEnqueue(IReadOnlyList<TRecord> records)
    {
        if (records.Count == 0)
        {
            return true;
        }

        var batch = new Batch(records, records.Sum(record => (long)record.Bytes), Stored: null);

        if (Interlocked.Add(ref _bytes, batch.Bytes) <= options.Value.QueuedBytes && _batches.Writer.TryWrite(batch))
        {
            return true;
        }

        Interlocked.Add(ref _bytes, -batch.Bytes);
        return false;
    }

    /// <summary>Bypasses the queue; for the replay at startup.</summary>
    public void AddNow(IReadOnlyList<TRecord> records) => store.Add(records);

    /// <summary>Completes when everything accepted before this call is in the store.</summary>
    public async Task WaitUntilStoredAsync(CancellationToken cancellationToken)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        try
        {
            await _batches.Writer.WriteAsync(new Batch([], 0, stored), cancellationToken);
            await stored.Task.WaitAsync(cancellationToken);
        }
        catch (ChannelClosedException exception)
        {
            throw new OperationCanceledException("The process is stopping.", exception);
        }
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        _batches.Writer.TryComplete();
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var batch in _batches.Reader.ReadAllAsync(stoppingToken))
        {
            store.Add(batch.Records);
            Interlocked.Add(ref _bytes, -batch.Bytes);
            batch.Stored?.TrySetResult();
        }
    }

    private sealed record Batch(IReadOnlyList<TRecord> Records, long Bytes, TaskCompletionSource? Stored);
}
