using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Run;

/// <summary>Puts the given values into the arguments a command declares, and says what is wrong with them.</summary>
internal static class CommandArguments
{
    public static readonly IReadOnlyDictionary<string, string?> None = new Dictionary<string, string?>();

    public static async Task<InputsDialogValidationContext> BindAsync(
        ResourceCommandAnnotation command, IReadOnlyDictionary<string, string?> values, IServiceProvider services, CancellationToken cancellationToken)
    {
        var given = new Dictionary<string, string?>(values, StringComparer.OrdinalIgnoreCase);
        var context = new InputsDialogValidationContext
        {
            // What is not given has its default.
            Inputs = new InteractionInputCollection([.. command.Arguments.Select(i => i.With(given.TryGetValue(i.Name, out var value) ? value : i.Value))]),
            Services = services,
            CancellationToken = cancellationToken,
        };
        foreach (var name in values.Keys.Where(name => !context.Inputs.ContainsName(name)))
        {
            context.AddValidationError(name, "there is no such argument.");
        }

        foreach (var input in context.Inputs)
        {
            if (Fault(input) is { } fault)
            {
                context.AddValidationError(input, fault);
            }
        }

        if (context.Errors.Count == 0 && command.ValidateArguments is { } validate)
        {
            await validate(context).ConfigureAwait(false);
        }

        return context;
    }

    private static string? Fault(InteractionInput input) => input.Value switch
    {
        null or "" => input.Required ? "a value is required." : null,
        { Length: var length } when length > input.MaxLength => string.Create(CultureInfo.InvariantCulture, $"at most {input.MaxLength} characters are allowed."),
        var value => input.InputType switch
        {
            InputType.Number when !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => $"'{value}' is no number.",
            InputType.Boolean when !bool.TryParse(value, out _) => $"'{value}' is neither true nor false.",
            InputType.Choice when !input.AllowCustomChoice && input.Options?.Any(o => o.Key == value) != true =>
                $"'{value}' is none of {string.Join(", ", (input.Options ?? []).Select(o => o.Key))}.",
            _ => null,
        },
    };
}
