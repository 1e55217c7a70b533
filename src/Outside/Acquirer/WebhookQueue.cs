using System.Text.Json;
using Microsoft.Extensions.Options;
using Platform.OutsideCompany;

namespace Platform.Acquirer;

/// <summary>One webhook. The body is the same in every attempt; timestamp and signature are not.</summary>
internal sealed record WebhookDelivery(long Sequence, string EventId, byte[] Body, int Attempt);

internal sealed record WebhookCounts(int Queued, long Delivered, long FailedAttempts, long GivenUp, long Dropped);

internal sealed record WebhookEvent(string Id, string Type, DateTimeOffset CreatedAt, Charge Data);

/// <summary>Deliveries by due time. In memory only: after a restart customers query by key, as acquirers' documentation requires.</summary>
internal sealed class WebhookQueue(TimeProvider time, BehaviourSwitch behaviour, IOptions<AcquirerOptions> options)
{
    public const int Capacity = 10_000;

    private static readonly JsonSerializerOptions Json = CreateJson();

    private readonly Lock _gate = new();

    // Bounded by Capacity; the oldest event is dropped and counted.
    private readonly PriorityQueue<WebhookDelivery, (DateTimeOffset DueAt, long Sequence)> _deliveries = new();
    private TaskCompletionSource _changed = NewSignal();
    private long _sequence;
    private long _delivered;
    private long _failedAttempts;
    private long _givenUp;
    private long _dropped;

    public void Announce(LedgerEntry entry)
    {
        if (options.Value.WebhookUrl is null || !behaviour.Current.Webhooks)
        {
            return;
        }

        var now = time.GetUtcNow();
        var type = $"charge.{JsonNamingPolicy.CamelCase.ConvertName(entry.Status.ToString())}";
        var announced = new WebhookEvent($"evt_{Guid.CreateVersion7(now):N}", type, now, Charge.From(entry));
        var body = JsonSerializer.SerializeToUtf8Bytes(announced, Json);
        for (var copy = 0; copy < behaviour.Current.WebhookCopies; copy++)
        {
            Enqueue(
                new WebhookDelivery(Interlocked.Increment(ref _sequence), announced.Id, body, Attempt: 1),
                behaviour.NextWebhookDelay()
            );
        }
    }

    public void Retry(WebhookDelivery failed, TimeSpan delay)
    {
        Interlocked.Increment(ref _failedAttempts);
        Enqueue(failed with { Attempt = failed.Attempt + 1 }, delay);
    }

    public void GiveUp()
    {
        Interlocked.Increment(ref _failedAttempts);
        Interlocked.Increment(ref _givenUp);
    }

    public void Delivered() => Interlocked.Increment(ref _delivered);

    public WebhookCounts Counts()
    {
        lock (_gate)
        {
            return new WebhookCounts(
                _deliveries.Count,
                Interlocked.Read(ref _delivered),
                Interlocked.Read(ref _failedAttempts),
                Interlocked.Read(ref _givenUp),
                _dropped
            );
        }
    }

    /// <summary>Waits until a delivery is due.</summary>
    public async Task<WebhookDelivery> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            var wait = Timeout.InfiniteTimeSpan;
            lock (_gate)
            {
                changed = _changed.Task;
                if (_deliveries.TryPeek(out _, out var next))
                {
                    wait = next.DueAt - time.GetUtcNow();
                    if (wait <= TimeSpan.Zero)
                    {
                        return _deliveries.Dequeue();
                    }
                }
            }

            // Rounded up: timers truncate to milliseconds, and the wait would end too early.
            var whole = wait < TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
            await changed.WaitAsync(whole, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void Enqueue(WebhookDelivery delivery, TimeSpan delay)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_deliveries.Count >= Capacity)
            {
                _deliveries.Remove(_deliveries.UnorderedItems.MinBy(item => item.Element.Sequence).Element, out _, out _);
                _dropped++;
            }

            _deliveries.Enqueue(delivery, (time.GetUtcNow() + delay, delivery.Sequence));
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static JsonSerializerOptions CreateJson()
    {
        var json = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        AcquirerApp.ConfigureJson(json);
        return json;
    }
}
