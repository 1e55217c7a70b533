using System.Text.RegularExpressions;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Marks a parameter that takes a resource name.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ResourceNameAttribute : Attribute;

/// <summary>Marks a parameter that takes an endpoint name.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EndpointNameAttribute : Attribute;

internal static partial class ResourceName
{
    public static void Validate(string name)
    {
        if (name.Length is < 1 or > 64 || !Valid().IsMatch(name))
        {
            throw new ArgumentException(
                $"Resource name '{name}' is invalid. Name must be 1 to 64 ASCII letters, digits and hyphens, start with a letter, not end with a hyphen and hold no two hyphens in a row.",
                nameof(name));
        }
    }

    /// <summary>The name as part of an environment variable's name.</summary>
    public static string Encode(string name)
    {
        var encoded = NotAlphanumeric().Replace(name, "_");
        return encoded.Length > 0 && char.IsAsciiDigit(encoded[0]) ? "_" + encoded : encoded;
    }

    [GeneratedRegex(@"^[A-Za-z](-?[A-Za-z0-9])*\z")]
    private static partial Regex Valid();

    [GeneratedRegex("[^A-Za-z0-9_]")]
    private static partial Regex NotAlphanumeric();
}
