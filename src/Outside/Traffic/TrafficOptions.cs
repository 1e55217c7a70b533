using System.ComponentModel.DataAnnotations;

namespace Platform.Traffic;

internal sealed class TrafficOptions : IValidatableObject
{
    public const string SectionName = "Traffic";

    /// <summary>Written by service discovery; takes precedence over Traffic:GatewayUrl.</summary>
    public const string DiscoveredGatewayKey = "services:gateway:http:0";

    public const double MaxOrdersPerSecond = 200;

    /// <summary>0 turns it off.</summary>
    [Range(0, MaxOrdersPerSecond, ErrorMessage = "Traffic:OrdersPerSecond must be 0 to 200.")]
    public double OrdersPerSecond { get; set; } = 2;

    /// <summary>The same seed draws the same shoppers and baskets in the same order.</summary>
    public int Seed { get; set; } = 1;

    [Range(0.0, 1.0, ErrorMessage = "Traffic:DeclineShare must be 0 to 1.")]
    public double DeclineShare { get; set; } = 0.05;

    [Required(ErrorMessage = $"Set {DiscoveredGatewayKey} or Traffic:GatewayUrl to the address of the gateway.")]
    public Uri? GatewayUrl { get; set; }

    /// <summary>The key of PUT /admin/load; null leaves it open.</summary>
    public string? AdminKey { get; set; }

    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00", ErrorMessage = "Traffic:RequestTimeout must be 00:00:00.100 to 00:02:00.")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (GatewayUrl is not ({ IsAbsoluteUri: true, Scheme: "http" or "https" } or null))
        {
            yield return new ValidationResult(
                $"{DiscoveredGatewayKey} or Traffic:GatewayUrl must be an absolute http or https address.",
                [nameof(GatewayUrl)]
            );
        }
    }
}
