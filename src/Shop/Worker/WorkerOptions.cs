using System.ComponentModel.DataAnnotations;

namespace Platform.Worker;

internal sealed class WorkerOptions
{
    public const string SectionName = "Worker";

    [Required]
    public string LlmApiKey { get; set; } = "";

    [Required]
    public string LlmModel { get; set; } = "pebble-mini";

    /// <summary>Attempts at a fraud note before the order is fulfilled without one: the note is only advice.</summary>
    [Range(1, 20)]
    public int FraudNoteAttempts { get; set; } = 3;

    /// <summary>Backoff after a failed attempt; doubles up to a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromSeconds(1);

    public TimeSpan BackoffAfter(int attempts) =>
        TimeSpan.FromSeconds(Math.Min(Backoff.TotalSeconds * Math.Pow(2, Math.Clamp(attempts - 1, 0, 20)), 60));
}
