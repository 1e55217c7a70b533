using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Platform.Tests.Support;

/// <summary>One series of an instant query.</summary>
public sealed record PrometheusSeries(IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Prometheus' query API.</summary>
public sealed class PrometheusClient(Uri address)
{
    private readonly HttpClient _http = new() { BaseAddress = address };

    /// <summary>The member "data" of an answer.</summary>
    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        (await _http.GetFromJsonAsync<JsonElement>(path, cancellationToken)).GetProperty("data");

    public async Task<IReadOnlyList<PrometheusSeries>> QueryAsync(string expression, CancellationToken cancellationToken)
    {
        var data = await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}", cancellationToken);
        return
        [
            .. data.GetProperty("result")
                .EnumerateArray()
                .Select(series => new PrometheusSeries(
                    LabelsOf(series.GetProperty("metric")),
                    double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)
                )),
        ];
    }

    /// <summary>0 without a series.</summary>
    public async Task<double> SumAsync(string expression, CancellationToken cancellationToken) =>
        (await QueryAsync(expression, cancellationToken)).Sum(series => series.Value);

    /// <summary>All series that there were, by their labels; __name__ is one.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> SeriesAsync(
        string selector,
        CancellationToken cancellationToken
    ) =>
        [
            .. (await GetAsync($"/api/v1/series?match[]={Uri.EscapeDataString(selector)}", cancellationToken))
                .EnumerateArray()
                .Select(LabelsOf),
        ];

    /// <summary>The trace ids of the exemplars.</summary>
    public async Task<IReadOnlySet<string>> ExemplarsAsync(string selector, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var range = string.Create(
            CultureInfo.InvariantCulture,
            $"start={since.AddSeconds(-1).ToUnixTimeSeconds()}&end={DateTimeOffset.UtcNow.AddSeconds(1).ToUnixTimeSeconds()}"
        );
        var data = await GetAsync($"/api/v1/query_exemplars?query={Uri.EscapeDataString(selector)}&{range}", cancellationToken);
        return data.EnumerateArray()
            .SelectMany(series => series.GetProperty("exemplars").EnumerateArray())
            .Select(exemplar => exemplar.GetProperty("labels").GetProperty("trace_id").GetString()!)
            .ToHashSet();
    }

    private static Dictionary<string, string> LabelsOf(JsonElement metric) =>
        metric.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!);
}
