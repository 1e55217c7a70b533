using System.Text.RegularExpressions;

namespace Sentry.Reporting;

/// <summary>Decides whether a frame is the user's own code. An include beats every exclude.</summary>
internal sealed class InAppFrames
{
    // Bounded by what the options add at start.
    private readonly List<Func<string, bool>> _includes = [];

    private readonly List<Func<string, bool>> _excludes =
    [
        .. new[]
        {
            "System", "Mono", "Sentry", "Microsoft", "MS", "ABI.Microsoft", "WinRT", "UIKit", "Newtonsoft.Json", "FSharp", "Serilog",
            "Giraffe", "NLog", "Npgsql", "RabbitMQ", "Hangfire", "IdentityServer4", "AWSSDK", "Polly", "Swashbuckle",
        }.Select(ByPrefix),
    ];

    public void Include(string prefix) => _includes.Add(ByPrefix(prefix));

    public void Include(Regex regex) => _includes.Add(regex.IsMatch);

    public void Exclude(string prefix) => _excludes.Add(ByPrefix(prefix));

    public void Exclude(Regex regex) => _excludes.Add(regex.IsMatch);

    public bool Contains(string? module) =>
        module is not null && (_includes.Exists(matches => matches(module)) || !_excludes.Exists(matches => matches(module)));

    // "Polly" is Polly and Polly.Core, not Pollyanna.
    private static Func<string, bool> ByPrefix(string prefix) =>
        module => module.StartsWith(prefix, StringComparison.Ordinal)
            && (module.Length == prefix.Length || prefix.EndsWith('.') || module[prefix.Length] == '.');
}
