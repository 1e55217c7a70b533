using System.ComponentModel.DataAnnotations;

namespace Platform.Orders;

internal sealed class OrdersOptions
{
    public const string SectionName = "Orders";

    /// <summary>Time to pay: how long after placing an order may be charged before it is declined as expired.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PayWithin { get; set; } = TimeSpan.FromSeconds(90);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RestockInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an order may stay pending past its time to pay, or unfulfilled past its payment, before it is reported.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OverdueAfter { get; set; } = TimeSpan.FromMinutes(1);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OverdueInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>HMAC key of request fingerprints, so that a stored one cannot be brute-forced for card numbers.</summary>
    [Required, MinLength(16)]
    public string FingerprintKey { get; set; } = "";

    /// <summary>Payments' public key (SubjectPublicKeyInfo, base64), to which cards are sealed.</summary>
    [Required, Base64String]
    public string CardPublicKey { get; set; } = "";
}
