using Microsoft.Extensions.Configuration;

namespace Platform.AppHost;

internal static class Settings
{
    /// <summary>A setting that is left out or has one of the values.</summary>
    /// <exception cref="StartRefusedException">It has another one.</exception>
    public static string? Choice(this IConfiguration configuration, string name, params ReadOnlySpan<string> values)
    {
        var value = configuration[name];
        return string.IsNullOrEmpty(value) ? null
            : values.Contains(value) ? value
            : throw new StartRefusedException($"{name}={value} is not known; leave it out or say {name}={string.Join(" or ", values!)}.");
    }
}

/// <summary>What a person must change before anything starts. Its text is all that is of use: a stack is not shown.</summary>
internal sealed class StartRefusedException(string message) : DistributedApplicationException(message)
{
    public override string ToString() => Message;
}
