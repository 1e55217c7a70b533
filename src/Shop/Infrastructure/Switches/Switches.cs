using System.Globalization;
using Microsoft.Extensions.Options;
using Platform.ServiceDefaults;

namespace Platform.Infrastructure.Switches;

internal sealed class SwitchOptions
{
    // By id, such as x-17; bounded by the file.
    public Dictionary<string, string> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>
/// Numbered switches of code that is worse than it should be, for practice: what they do is said where they are asked. All are off unless
/// the file that <see cref="SwitchExtensions.AddSwitches"/> reads has them, as an amount (0.5) or an amount in one release
/// (1@2026.11.21-9f4a21c).
/// </summary>
public sealed class Switches
{
    private readonly IOptionsMonitor<SwitchOptions> _options;
    private readonly ServiceIdentity _identity;

    internal Switches(IOptionsMonitor<SwitchOptions> options, ServiceIdentity identity) => (_options, _identity) = (options, identity);

    /// <summary>All off, for what runs without a service around it.</summary>
    public static Switches Off { get; } = new(new NoOptions(), new ServiceIdentity("", "", "", ""));

    public bool IsOn(string id) => Amount(id) > 0;

    /// <summary>0 when it is off.</summary>
    public double Amount(string id) =>
        _options.CurrentValue.Values.GetValueOrDefault(id)?.Split('@', 2) is { } parts
        && (parts.Length == 1 || parts[1] == _identity.Release)
        && double.TryParse(parts[0], CultureInfo.InvariantCulture, out var amount)
            ? amount
            : 0;

    private sealed class NoOptions : IOptionsMonitor<SwitchOptions>
    {
        public SwitchOptions CurrentValue { get; } = new();

        public SwitchOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<SwitchOptions, string?> listener) => null;
    }
}
