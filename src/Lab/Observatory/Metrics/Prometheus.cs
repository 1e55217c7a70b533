using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;
using Platform.Observatory.Text;

namespace Platform.Observatory.Metrics;

/// <summary>A series with its values, one for each step; null where it has none.</summary>
internal sealed record MetricSeries(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<double?> Values);

/// <summary>One request that a figure is made of.</summary>
internal sealed record MetricExemplar(string TraceId, double Value, DateTimeOffset Time);

/// <summary>Prometheus' query API. Each answer is null when it does not answer, or is not configured.</summary>
internal sealed class Prometheus(IOptions<ObservatoryOptions> options, JsonSource source)
{
    // What a chart has at most, and a page reads of one.
    public const int MaxSteps = 240;
    private const int MaxSeries = 100;
    private const int MaxExemplars = 100;

    public bool IsConfigured => options.Value.PrometheusUrl is not null;

    /// <summary>The page of Prometheus with the expression; empty when it is not configured.</summary>
    public string GraphOf(string expression) =>
        options.Value.PrometheusUrl is { } address && expression.Length > 0
            ? new Uri(address, $"graph?g0.expr={Uri.EscapeDataString(expression)}&g0.tab=0&g0.range_input=1h").ToString()
            : "";

    /// <summary>The values now, one for each series.</summary>
    public async Task<IReadOnlyList<MetricSeries>?> QueryAsync(string expression, CancellationToken cancellationToken) =>
        Series(await ReadAsync($"api/v1/query?query={Uri.EscapeDataString(expression)}", cancellationToken), ReadNow);

    /// <summary>The values of a time, the last at its end.</summary>
    public async Task<IReadOnlyList<MetricSeries>?> RangeAsync(
        string expression,
        DateTimeOffset from,
        DateTimeOffset to,
        TimeSpan step,
        CancellationToken cancellationToken
    )
    {
        var count = (int)((to - from) / step) + 1;
        var answer = await ReadAsync(
            $"api/v1/query_range?query={Uri.EscapeDataString(expression)}&start={Seconds(from)}&end={Seconds(to)}"
                + $"&step={Number(step.TotalSeconds)}",
            cancellationToken
        );
        return Series(answer, ReadSteps);

        IReadOnlyList<double?> ReadSteps(JsonElement item)
        {
            var values = new double?[count];
            foreach (var pair in JsonRead.Map(item, "values"))
            {
                if (
                    Value(pair.Key) is { } at
                    && (int)Math.Round((at - (from.ToUnixTimeMilliseconds() / 1000.0)) / step.TotalSeconds) is var index
                    && index >= 0
                    && index < count
                )
                {
                    values[index] = Value(pair.Value);
                }
            }

            return values;
        }
    }

    /// <summary>The newest first.</summary>
    public async Task<IReadOnlyList<MetricExemplar>?> ExemplarsAsync(
        string selector,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellationToken
    )
    {
        var answer = await ReadAsync(
            $"api/v1/query_exemplars?query={Uri.EscapeDataString(selector)}&start={Seconds(from)}&end={Seconds(to)}",
            cancellationToken
        );
        return answer is null
            ? null
            :
            [
                .. JsonRead
                    .Items(answer, "data")
                    .SelectMany(series => JsonRead.Items(series, "exemplars"))
                    .Select(ReadExemplar)
                    .OfType<MetricExemplar>()
                    .OrderByDescending(exemplar => exemplar.Time)
                    .Take(MaxExemplars),
            ];
    }

    private static MetricExemplar? ReadExemplar(JsonElement item) =>
        JsonRead.Text(JsonRead.Child(item, "labels"), "trace_id") is { } trace && JsonRead.Time(item, "timestamp") is { } time
            ? new MetricExemplar(trace, JsonRead.Number(item, "value") ?? 0, time)
            : null;

    private static IReadOnlyList<MetricSeries>? Series(JsonElement? answer, Func<JsonElement, IReadOnlyList<double?>> read) =>
        answer is null
            ? null
            :
            [
                .. JsonRead
                    .Items(JsonRead.Child(answer, "data"), "result")
                    .Take(MaxSeries)
                    .Select(item => new MetricSeries(
                        JsonRead
                            .Map(item, "metric")
                            .DistinctBy(label => label.Key)
                            .ToDictionary(label => label.Key, label => label.Value, StringComparer.Ordinal),
                        read(item)
                    )),
            ];

    private static IReadOnlyList<double?> ReadNow(JsonElement item) =>
        JsonRead.Child(item, "value") is { ValueKind: JsonValueKind.Array } pair && pair.GetArrayLength() == 2
            ? [Value(JsonRead.Text(pair[1]) ?? "")]
            : [null];

    private static double? Value(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    private async Task<JsonElement?> ReadAsync(string path, CancellationToken cancellationToken) =>
        options.Value.PrometheusUrl is { } address ? await source.ReadAsync(new Uri(address, path), cancellationToken) : null;

    private static string Seconds(DateTimeOffset time) => Number(time.ToUnixTimeMilliseconds() / 1000.0);

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
