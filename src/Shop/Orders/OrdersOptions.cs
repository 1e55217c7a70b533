using System.ComponentModel.DataAnnotations;

namespace Platform.Orders;

internal sealed class OrdersOptions
{
    public const string SectionName = "Orders";

    /// <summary>How long after it was placed an order may be charged; then it is declined as expired.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PayWithin { get; set; } = TimeSpan.FromSeconds(90);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RestockInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long beyond the time to pay an order may be pending, and after its payment unfulfilled, before somebody is told.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OverdueAfter { get; set; } = TimeSpan.FromMinutes(1);

    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OverdueInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Keys the fingerprint of a request body, so that a stored one cannot be searched for card numbers.</summary>
    [Required, MinLength(16)]
    public string FingerprintKey { get; set; } = "";

    /// <summary>Payments' public key (SubjectPublicKeyInfo, base64), to which cards are sealed.</summary>
    [Required, Base64String]
    public string CardPublicKey { get; set; } = "";
}
