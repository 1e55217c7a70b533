namespace Sentry;

/// <summary>Which SDK made an event.</summary>
public sealed class SdkVersion
{
    public string? Name { get; set; }

    public string? Version { get; set; }
}
