using System.ComponentModel.DataAnnotations;

namespace Platform.Payments;

internal sealed class PaymentsOptions
{
    public const string SectionName = "Payments";

    /// <summary>Decrypts the cards that orders seals (PKCS#8, base64).</summary>
    [Required, Base64String]
    public string CardPrivateKey { get; set; } = "";

    [Required]
    public string AcquirerApiKey { get; set; } = "";

    /// <summary>Key of the acquirer's webhook signatures.</summary>
    [Required, MinLength(16)]
    public string AcquirerWebhookSecret { get; set; } = "";

    /// <summary>Backoff after an attempt without outcome; doubles up to <see cref="MaxBackoff"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromMilliseconds(500);

    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long past the time to pay a payment may stay undecided before an error is logged. It is still queried.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OverdueAfter { get; set; } = TimeSpan.FromMinutes(5);

    public TimeSpan BackoffAfter(int attempts) =>
        TimeSpan.FromMilliseconds(
            Math.Min(Backoff.TotalMilliseconds * Math.Pow(2, Math.Clamp(attempts - 1, 0, 20)), MaxBackoff.TotalMilliseconds)
        );
}
