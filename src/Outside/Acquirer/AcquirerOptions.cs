using System.ComponentModel.DataAnnotations;

namespace Platform.Acquirer;

internal sealed class AcquirerOptions : IValidatableObject
{
    public const string SectionName = "Acquirer";

    [Required(ErrorMessage = "Set Acquirer:ApiKey, the bearer key of /v1.")]
    public string ApiKey { get; set; } = "";

    [Required(ErrorMessage = "Set Acquirer:AdminKey, the key of /admin.")]
    public string AdminKey { get; set; } = "";

    [Required(ErrorMessage = "Set Acquirer:LedgerDirectory, the directory of ledger.jsonl.")]
    public string LedgerDirectory { get; set; } = "";

    /// <summary>About 300 bytes of memory per entry. A full ledger rejects new charges: evicting could charge twice.</summary>
    [Range(1, 10_000_000, ErrorMessage = "Acquirer:LedgerCapacity must be 1 to 10000000.")]
    public int LedgerCapacity { get; set; } = 1_000_000;

    /// <summary>Where webhooks are sent; null sends none.</summary>
    public Uri? WebhookUrl { get; set; }

    public string? WebhookSecret { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (WebhookUrl is null)
        {
            yield break;
        }

        if (!WebhookUrl.IsAbsoluteUri || WebhookUrl.Scheme is not ("http" or "https"))
        {
            yield return new ValidationResult("Acquirer:WebhookUrl must be an absolute http or https address.", [nameof(WebhookUrl)]);
        }

        if (string.IsNullOrEmpty(WebhookSecret))
        {
            yield return new ValidationResult(
                "Set Acquirer:WebhookSecret, the key that signs what is sent to Acquirer:WebhookUrl.",
                [nameof(WebhookSecret)]
            );
        }
    }
}
