using System.ComponentModel.DataAnnotations;

namespace Platform.Worker;

internal sealed class WorkerOptions
{
    public const string SectionName = "Worker";

    [Required]
    public string LlmApiKey { get; set; } = "";

    [Required]
    public string LlmModel { get; set; } = "pebble-mini";

    /// <summary>Tries at a fraud note; then the order is fulfilled without one. The note is advice, the order is paid.</summary>
    [Range(1, 20)]
    public int FraudNoteAttempts { get; set; } = 3;

    /// <summary>Wait after a try without answer; doubled each time up to a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromSeconds(1);

    public TimeSpan BackoffAfter(int attempts) =>
        TimeSpan.FromSeconds(Math.Min(Backoff.TotalSeconds * Math.Pow(2, Math.Clamp(attempts - 1, 0, 20)), 60));
}
