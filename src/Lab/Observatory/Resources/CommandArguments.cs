using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>The arguments of a command as fields of a form, and the fields that came back as values of a call.</summary>
internal static class CommandArguments
{
    private const string Prefix = "arg.";

    public static IReadOnlyList<ArgumentView> Fields(ResourceCommand command, IFormCollection? given, IReadOnlyDictionary<string, string> problems) =>
        [.. command.ArgumentInputs.Select(input => Field(input, given, problems.GetValueOrDefault(input.Name, "")))];

    /// <summary>The values, and what is wrong with those that cannot be sent. A field left empty is not sent: the resource has its own default.</summary>
    public static (Dictionary<string, Value> Values, Dictionary<string, string> Problems) Read(ResourceCommand command, IFormCollection form)
    {
        var values = new Dictionary<string, Value>(StringComparer.Ordinal);
        var problems = new Dictionary<string, string>(StringComparer.Ordinal);

        foreach (var input in command.ArgumentInputs.Where(input => !input.Disabled))
        {
            var text = form[Prefix + input.Name].ToString();

            if (input.InputType == InputType.Boolean)
            {
                values[input.Name] = Value.ForBool(text == "true");
            }
            else if (text.Length == 0)
            {
                if (input.Required)
                {
                    problems[input.Name] = "A value is required.";
                }
            }
            else if (Problem(input, text) is { } problem)
            {
                problems[input.Name] = problem;
            }
            else
            {
                values[input.Name] = input.InputType == InputType.Number ? Value.ForNumber(double.Parse(text, CultureInfo.InvariantCulture)) : Value.ForString(text);
            }
        }

        return (values, problems);
    }

    private static string? Problem(InteractionInput input, string text) => input switch
    {
        { InputType: InputType.Number } when !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number) => "This must be a number.",
        { InputType: InputType.Choice, AllowCustomChoice: false } when !input.Options.ContainsKey(text) => "This is not one of the choices.",
        { InputType: InputType.File } => "Files cannot be sent from here.",
        { MaxLength: > 0 } when text.Length > input.MaxLength => $"At most {input.MaxLength} characters.",
        _ => null,
    };

    private static ArgumentView Field(InteractionInput input, IFormCollection? given, string problem) => new(
        Prefix + input.Name, input.Label.Length > 0 ? input.Label : input.Name, input.Description, input.Placeholder,
        input.InputType switch
        {
            InputType.Boolean => "checkbox",
            InputType.Number => "number",
            InputType.SecretText => "password",
            InputType.Choice => "choice",
            _ => "text",
        },
        input.Required, input.Disabled || input.InputType == InputType.File, given is null ? input.Value : given[Prefix + input.Name].ToString(), input.MaxLength, input.AllowCustomChoice,
        [.. input.Options.OrderBy(option => option.Key, StringComparer.Ordinal)], problem);
}
