using System.Net.Http.Json;
using System.Text.Json;

namespace Platform.Tests.Support;

/// <summary>The admin API of an outside company: how it behaves, and what it saw of us.</summary>
public sealed class OutsideCompany(Uri address, string adminKey)
{
    private readonly HttpClient _http = new() { BaseAddress = address, DefaultRequestHeaders = { { "X-Admin-Key", adminKey } } };

    public async Task BehaveAsync(string preset, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsync($"/admin/behaviour/{preset}", null, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>The requests of one trace, with the headers they came with.</summary>
    public async Task<IReadOnlyList<JsonElement>> RequestsOfTraceAsync(string traceId, CancellationToken cancellationToken)
    {
        var answer = await _http.GetFromJsonAsync<JsonElement>($"/admin/requests?traceId={traceId}", cancellationToken);
        return [.. answer.GetProperty("requests").EnumerateArray()];
    }

    /// <summary>Charges that stand: our payment id and the amount.</summary>
    public async Task<IReadOnlyDictionary<Guid, long>> CapturedAsync(CancellationToken cancellationToken)
    {
        var captured = new Dictionary<Guid, long>();
        for (int? after = 0; after is not null; )
        {
            var page = await _http.GetFromJsonAsync<JsonElement>(
                $"/admin/ledger?status=captured&limit=10000&after={after}",
                cancellationToken
            );
            foreach (var entry in page.GetProperty("entries").EnumerateArray())
            {
                captured.Add(entry.GetProperty("key").GetGuid(), entry.GetProperty("amount").GetInt64());
            }

            after = page.GetProperty("next").ValueKind == JsonValueKind.Null ? null : page.GetProperty("next").GetInt32();
        }

        return captured;
    }
}
