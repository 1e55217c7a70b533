using System.Globalization;

namespace Platform.Faults;

/// <param name="Strength">Within the fault's range; its default without.</param>
/// <param name="Minutes">Above 0, at most <see cref="MaxMinutes"/>; <see cref="DefaultMinutes"/> without.</param>
/// <param name="Scope">One of the fault's scopes; the first without.</param>
/// <param name="Instance">Resource id of the instance to hit; the first without.</param>
/// <param name="ByHand">Injected by a person, so that it is marked on charts.</param>
public sealed record FaultRequest(
    double? Strength = null,
    double? Minutes = null,
    string? Scope = null,
    string? Instance = null,
    bool ByHand = false
)
{
    public const double MaxMinutes = 120;
    public const double DefaultMinutes = 10;

    /// <exception cref="FaultException">The fault does not take it; the message names the field and what it may be.</exception>
    internal void Check(Fault fault)
    {
        var of = $"{fault.Name} of {fault.Resource}";
        if (Strength is { } strength)
        {
            if (fault.Strength is not { } range)
            {
                throw new FaultException($"{of} has no strength to choose.");
            }

            if (!(strength >= range.Min && strength <= range.Max))
            {
                throw new FaultException(
                    string.Create(CultureInfo.InvariantCulture, $"strength must be {range.Min} to {range.Max} ({range.Unit}).")
                );
            }
        }

        if (Scope is { } scope && !fault.Scopes.Contains(scope))
        {
            throw new FaultException(
                fault.Scopes.Count == 0 ? $"{of} has no scope to choose." : $"scope must be one of {string.Join(", ", fault.Scopes)}."
            );
        }

        if (Minutes is not (null or (> 0 and <= MaxMinutes)))
        {
            throw new FaultException(string.Create(CultureInfo.InvariantCulture, $"minutes must be above 0 and at most {MaxMinutes}."));
        }
    }
}
