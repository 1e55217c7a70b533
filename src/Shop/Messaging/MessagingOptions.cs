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

    /// <summary>Messages that a consumer may hold unacknowledged; also how many it handles at a time.</summary>
    [Range(1, 200)]
    public ushort Prefetch { get; set; } = 16;

    /// <summary>Failures that nobody foresaw after which a message goes to the dead letters; with the waits between, some 30 s.</summary>
    [Range(1, 100)]
    public int MaxHandlerAttempts { get; set; } = 10;

    /// <summary>Outbox rows taken at a time.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; set; } = 100;

    /// <summary>How long an outbox row of another instance can lie unnoticed; rows of this one are signalled.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Refusals by the broker after which an outbox row is parked; a lost connection is no refusal. With the waits, some 3 min.
    /// </summary>
    [Range(1, 100)]
    public int MaxPublishAttempts { get; set; } = 12;

    /// <summary>Longest wait between refusals of one outbox row; the first is <see cref="Backoff"/>, and each doubles.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan MaxPublishBackoff { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an outbox row is its relay's: longer than the confirm and what is around it, even on a busy machine.</summary>
    internal TimeSpan Lease => ConfirmTimeout * 2;

    /// <summary>First wait after a transient failure; doubled up to <see cref="MaxBackoff"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromMilliseconds(200);

    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The wait before attempt <paramref name="attempt"/> (from 1), with up to 20 % taken off so that instances do not move in step.
    /// </summary>
    internal TimeSpan BackoffBefore(int attempt)
    {
        var full = Math.Min(Backoff.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 20)), MaxBackoff.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (0.8 + (0.2 * Random.Shared.NextDouble())));
    }
}
