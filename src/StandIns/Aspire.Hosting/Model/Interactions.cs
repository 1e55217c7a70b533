using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting;

public enum InputType
{
    Text,
    SecretText,
    Choice,
    Boolean,
    Number,
    File,
}

/// <summary>Something a person or a client enters: here, an argument of a command.</summary>
public sealed class InteractionInput
{
    public required string Name { get; init; }

    public string? Label { get; init; }

    public string? Description { get; init; }

    public required InputType InputType { get; init; }

    public bool Required { get; init; }

    /// <summary>What a choice chooses from: values and their texts.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Options { get; init; }

    public string? Value { get; set; }

    public string? Placeholder { get; init; }

    public bool AllowCustomChoice { get; init; }

    public bool Disabled { get; init; }

    public int? MaxLength { get; init; }

    internal InteractionInput With(string? value) => new()
    {
        Name = Name,
        Label = Label,
        Description = Description,
        InputType = InputType,
        Required = Required,
        Options = Options,
        Value = value,
        Placeholder = Placeholder,
        AllowCustomChoice = AllowCustomChoice,
        Disabled = Disabled,
        MaxLength = MaxLength,
    };
}

/// <summary>Inputs in their order and by name.</summary>
public sealed class InteractionInputCollection : IReadOnlyList<InteractionInput>
{
    private readonly IReadOnlyList<InteractionInput> _inputs;
    private readonly Dictionary<string, InteractionInput> _byName = new(StringComparer.OrdinalIgnoreCase);

    public InteractionInputCollection(IReadOnlyList<InteractionInput> inputs)
    {
        _inputs = inputs;
        foreach (var input in inputs)
        {
            if (!_byName.TryAdd(input.Name, input))
            {
                throw new InvalidOperationException($"There are two inputs with the name '{input.Name}'.");
            }
        }
    }

    public int Count => _inputs.Count;

    public InteractionInput this[int index] => _inputs[index];

    public InteractionInput this[string name] =>
        _byName.TryGetValue(name, out var input) ? input : throw new KeyNotFoundException($"No input with name '{name}' was found.");

    public bool ContainsName(string name) => _byName.ContainsKey(name);

    public bool TryGetByName(string name, [NotNullWhen(true)] out InteractionInput? input) => _byName.TryGetValue(name, out input);

    public string? GetString(string name) => this[name].Value;

    public IEnumerator<InteractionInput> GetEnumerator() => _inputs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Inputs that are being checked, and what is wrong with them.</summary>
public sealed class InputsDialogValidationContext
{
    // A few for each input.
    private readonly List<(string Input, string Message)> _errors = [];

    public required InteractionInputCollection Inputs { get; init; }

    public required IServiceProvider Services { get; init; }

    public required CancellationToken CancellationToken { get; init; }

    internal IReadOnlyList<(string Input, string Message)> Errors => _errors;

    public void AddValidationError(InteractionInput input, string errorMessage) => AddValidationError(input.Name, errorMessage);

    public void AddValidationError(string inputName, string errorMessage) => _errors.Add((inputName, errorMessage));
}
