using Microsoft.Extensions.Options;
using Platform.Objectives;
using Platform.Observatory.Metrics;
using Platform.Observatory.Polling;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Objectives;

/// <summary>How an objective is kept. Figures are null while there is nothing to compute them from.</summary>
/// <param name="Objective">From the file.</param>
/// <param name="Kept">Share of what was good in 28 days, or since Prometheus has figures.</param>
/// <param name="BudgetLeft">1 is all of it; below 0 it is overspent.</param>
/// <param name="Burn">Of the last hour: at 1 the budget lasts for 28 days.</param>
/// <param name="Since">Since when there are figures.</param>
/// <param name="History">BudgetLeft of the last day.</param>
internal sealed record ObjectiveState(
    Objective Objective,
    double? Kept,
    double? BudgetLeft,
    double? Burn,
    DateTimeOffset? Since,
    IReadOnlyList<double?> History
)
{
    private static readonly TimeSpan Whole = TimeSpan.FromDays(28);

    /// <summary>When the budget is gone if it goes on like in the last hour; null when it lasts.</summary>
    public TimeSpan? GoneIn =>
        BudgetLeft is > 0 and <= 1 and var left && Burn is > 1 and var burn ? TimeSpan.FromDays(left * Whole.TotalDays / burn) : null;
}

/// <summary>Asks Prometheus every few seconds for what the rules of the objectives recorded.</summary>
internal sealed partial class ObjectiveSources(
    IOptions<ObservatoryOptions> options,
    Prometheus prometheus,
    TimeProvider time,
    ILogger<ObjectiveSources> logger
) : Poller(Interval, time, logger)
{
    private const string Figures = """{__name__=~"objective:(bad:ratio_rate28d|budget_left:ratio|burn:rate1h|since:timestamp_seconds)"}""";

    // The year 9999.
    private const double LatestTime = 253_402_300_799;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HistoryStep = TimeSpan.FromMinutes(15);

    private ObjectiveSet? _set;
    private volatile IReadOnlyList<ObjectiveState> _states = [];

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<ObjectiveState> States => _states;

    /// <summary>Why there are none; null when there are.</summary>
    public string? Problem { get; private set; }

    /// <summary>Since when Prometheus does not answer; null when it does.</summary>
    public DateTimeOffset? Away { get; private set; }

    /// <summary>What to do when so much of a budget is left.</summary>
    public PolicyLevel? LevelOf(double left) => _set?.LevelOf(left);

    public IReadOnlyList<PolicyLevel> Policy => _set?.Policy ?? [];

    protected override async Task<bool> BeginAsync(CancellationToken cancellationToken)
    {
        _set = await ReadFileAsync(cancellationToken);
        _states = [.. _set?.Objectives.Select(objective => new ObjectiveState(objective, null, null, null, null, [])) ?? []];
        return _set is not null && prometheus.IsConfigured;
    }

    protected override async Task TickAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var figures = await prometheus.QueryAsync(Figures, cancellationToken);
        var history = await prometheus.RangeAsync("objective:budget_left:ratio", now.AddDays(-1), now, HistoryStep, cancellationToken);
        if (figures is null || history is null)
        {
            Away ??= now;
            return;
        }

        Away = null;
        _states = [.. _set!.Objectives.Select(objective => StateOf(objective, figures, history))];
    }

    private async Task<ObjectiveSet?> ReadFileAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ObjectivesFile is not { Length: > 0 } file)
        {
            Problem = "Set Observatory:ObjectivesFile to the file of objectives to see them here.";
            return null;
        }

        try
        {
            return ObjectiveFile.Read(Path.GetFileName(file), await File.ReadAllTextAsync(file, cancellationToken));
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException)
        {
            Problem = exception.Message;
            LogUnreadable(exception.Message);
            return null;
        }
    }

    private static ObjectiveState StateOf(Objective objective, IReadOnlyList<MetricSeries> figures, IReadOnlyList<MetricSeries> history)
    {
        return new ObjectiveState(
            objective,
            1 - Figure("objective:bad:ratio_rate28d"),
            Figure("objective:budget_left:ratio"),
            Figure("objective:burn:rate1h"),
            Figure("objective:since:timestamp_seconds") is { } since and > 0 and < LatestTime
                ? DateTimeOffset.FromUnixTimeSeconds((long)since)
                : null,
            history.FirstOrDefault(IsOfObjective)?.Values ?? []
        );

        double? Figure(string name) =>
            figures.FirstOrDefault(series => IsOfObjective(series) && series.Labels.GetValueOrDefault("__name__") == name)?.Values[0];

        bool IsOfObjective(MetricSeries series) => series.Labels.GetValueOrDefault("objective") == objective.Name;
    }

    [LoggerMessage(EventId = 5063, Level = LogLevel.Error, Message = "The objectives cannot be read: {Problem}")]
    private partial void LogUnreadable(string problem);
}
