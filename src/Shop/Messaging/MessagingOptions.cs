using System.ComponentModel.DataAnnotations;

namespace Platform.Messaging;

/// <summary>How a consumer's span relates to the publisher's.</summary>
public enum TraceContextMode
{
    /// <summary>The consumer continues the publisher's trace: one order is one trace.</summary>
    Parent,

    /// <summary>The consumer starts a new trace that links to the publisher's; for fan-outs that would make one trace too large.</summary>
    Link,
}

public sealed class MessagingOptions
{
    public const string SectionName = "Messaging";

    public TraceContextMode TraceContext { get; set; } = TraceContextMode.Parent;

    /// <summary>Prefetch: unacknowledged messages per consumer, and how many it processes concurrently.</summary>
    [Range(1, 200)]
    public ushort Prefetch { get; set; } = 16;

    /// <summary>Unexpected failures before a message is dead-lettered; with backoff, about 30 s.</summary>
    [Range(1, 100)]
    public int MaxHandlerAttempts { get; set; } = 10;

    /// <summary>Outbox rows claimed per pass.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; set; } = 100;

    /// <summary>Poll interval: how long a row of another instance can go unnoticed. Rows of this instance are signalled.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Refusals before an outbox row is parked; a lost connection does not count. With backoff, about 3 min.</summary>
    [Range(1, 100)]
    public int MaxPublishAttempts { get; set; } = 12;

    /// <summary>Longest wait between refusals of one outbox row; the first is <see cref="Backoff"/>, and each doubles.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan MaxPublishBackoff { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Lease of a claimed outbox row: longer than a publish with its confirm takes, even on a busy machine.</summary>
    internal TimeSpan Lease => ConfirmTimeout * 2;

    /// <summary>First wait after a transient failure; doubled up to <see cref="MaxBackoff"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromMilliseconds(200);

    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The wait before attempt <paramref name="attempt"/> (from 1), with up to 20 % jitter so that instances do not retry in step.
    /// </summary>
    internal TimeSpan BackoffBefore(int attempt)
    {
        var full = Math.Min(Backoff.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 20)), MaxBackoff.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (0.8 + (0.2 * Random.Shared.NextDouble())));
    }
}
