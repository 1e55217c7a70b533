using Platform.Observatory.Text;

namespace Platform.Observatory.Objectives;

/// <summary>A row of the page and of the API; formatted values only.</summary>
public sealed record ObjectiveRow(
    string Name,
    string Title,
    string Says,
    string Impact,
    string Target,
    string Kept,
    string Left,
    double LeftPercent,
    string Class,
    string Burn,
    string Gone,
    string Do,
    string View,
    IReadOnlyList<double?> History
);

internal static class ObjectiveRows
{
    // 99.99 % is no binary number.
    private const double Rounding = 1e-6;

    // Below it the budget is looked after.
    private const double Low = 0.2;

    public static IReadOnlyList<ObjectiveRow> Build(ObjectiveSources sources) => [.. sources.States.Select(state => Row(state, sources))];

    private static ObjectiveRow Row(ObjectiveState state, ObjectiveSources sources)
    {
        var objective = state.Objective;
        return new ObjectiveRow(
            objective.Name,
            objective.Title,
            objective.Says,
            objective.Impact,
            Percent(objective.Target / 100),
            state.Kept is { } kept ? Percent(kept) : "nothing to measure yet",
            state.BudgetLeft switch
            {
                null => "",
                < 0 and var over => $"{Format.Number(Math.Round(1 - over, 1))} budgets spent",
                { } left => $"{Format.Percent(left)} left",
            },
            Math.Clamp((state.BudgetLeft ?? 1) * 100, 0, 100),
            state.BudgetLeft is <= 0 || state.Burn > 14.4 ? "bad"
                : state.BudgetLeft is < Low || state.GoneIn is not null ? "warn"
                : "",
            state.Burn is { } burn ? $"{Format.Number(Math.Round(burn, 1))} ×" : "",
            state.BudgetLeft is <= 0 ? "spent"
                : state.GoneIn is { } goneIn ? $"gone in {Format.Length(goneIn)}"
                : state.Burn is null ? ""
                : "lasts",
            state.BudgetLeft is { } now ? sources.LevelOf(now)?.Do ?? "" : "",
            objective.View,
            state.History
        );
    }

    // Three nines need three figures.
    private static string Percent(double share) =>
        (Math.Floor((share * 100_000) + Rounding) / 1_000).ToString("0.###", System.Globalization.CultureInfo.InvariantCulture) + " %";
}
