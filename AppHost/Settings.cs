using Microsoft.Extensions.Configuration;

namespace Platform.AppHost;

internal static class Settings
{
    /// <summary>Reads an optional setting with a fixed set of values.</summary>
    /// <exception cref="StartRefusedException">It has any other value.</exception>
    public static string? Choice(this IConfiguration configuration, string name, params ReadOnlySpan<string> values)
    {
        var value = configuration[name];
        return string.IsNullOrEmpty(value) ? null
            : values.Contains(value) ? value
            : throw new StartRefusedException($"{name}={value} is not known; leave it out or say {name}={string.Join(" or ", values!)}.");
    }
}

/// <summary>What must be fixed before anything starts. Formats as its message alone: a stack would not help.</summary>
internal sealed class StartRefusedException(string message) : DistributedApplicationException(message)
{
    public override string ToString() => Message;
}
