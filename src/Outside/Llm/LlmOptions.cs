using System.ComponentModel.DataAnnotations;

namespace Platform.Llm;

internal sealed class LlmOptions : IValidatableObject
{
    public const string SectionName = "Llm";

    [Required(ErrorMessage = "Set Llm:ApiKey, the bearer key of /v1.")]
    public string ApiKey { get; set; } = "";

    [Required(ErrorMessage = "Set Llm:AdminKey, the key of /admin.")]
    public string AdminKey { get; set; } = "";

    /// <summary>The default is in appsettings.json: configuration would append to one here instead of replacing it.</summary>
    public IReadOnlyList<string> Models { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Models.Count == 0 || Models.Any(string.IsNullOrWhiteSpace))
        {
            yield return new ValidationResult(
                "Set Llm:Models:0, Llm:Models:1 and so on to the names of the models on offer.",
                [nameof(Models)]
            );
        }
    }
}
