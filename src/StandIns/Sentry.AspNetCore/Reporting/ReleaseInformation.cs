using System.Reflection;

namespace Sentry.Reporting;

internal static class ReleaseInformation
{
    public static string? Locate()
    {
        if (Environment.GetEnvironmentVariable("SENTRY_RELEASE") is { Length: > 0 } release)
        {
            return release;
        }

        var entry = Assembly.GetEntryAssembly();
        var version = entry?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? entry?.GetName().Version?.ToString();
        return version is null ? null : $"{entry!.GetName().Name}@{version}";
    }
}
