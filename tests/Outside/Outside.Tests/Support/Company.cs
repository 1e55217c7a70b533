using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Platform.Acquirer;
using Platform.Llm;

namespace Platform.Outside.Tests.Support;

/// <summary>A running outside company and a customer that has its keys.</summary>
internal sealed class Company : TestApp
{
    public const string ApiKey = "api-key-of-the-customer";
    public const string AdminKey = "admin-key";
    public const string WebhookSecret = "webhook-secret";

    private Company(WebApplication app, ConcurrentQueue<string> logs)
        : base(app, logs) => Client.DefaultRequestHeaders.Authorization = new("Bearer", ApiKey);

    public static Task<Company> StartAcquirerAsync(params string[] settings) => StartAcquirerAsync(TimeProvider.System, settings);

    public static Task<Company> StartAcquirerAsync(TimeProvider time, params string[] settings) =>
        StartAsync(
            AcquirerApp.Create,
            "Acquirer",
            time,
            [$"Acquirer:LedgerDirectory={OwnDirectory}", $"Acquirer:WebhookSecret={WebhookSecret}", .. settings]
        );

    public static Task<Company> StartLlmAsync(params string[] settings) =>
        StartAsync(LlmApp.Create, "Llm", TimeProvider.System, ["Llm:Models:0=pebble-mini", .. settings]);

    public async Task<HttpResponseMessage> ChargeAsync(
        Guid key,
        string number = "4242424242424242",
        long amount = 1299,
        CancellationToken? cancellationToken = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/charges");
        request.Headers.Add("Idempotency-Key", key.ToString());
        request.Content = JsonContent.Create(
            new
            {
                amount,
                currency = "EUR",
                card = new
                {
                    number,
                    expiry = "12/40",
                    cvc = "123",
                },
                reference = "order-1",
            }
        );
        return await Client.SendAsync(request, cancellationToken ?? TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement> VoidAsync(Guid key)
    {
        using var response = await Client.PostAsync($"/v1/charges/{key}/void", null, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return await JsonOf(response);
    }

    public async Task BehaveAsync(object behaviour)
    {
        using var response = await AdminAsync(HttpMethod.Put, "/admin/behaviour", JsonContent.Create(behaviour));
        response.EnsureSuccessStatusCode();
    }

    public async Task UsePresetAsync(string preset)
    {
        using var response = await AdminAsync(HttpMethod.Post, $"/admin/behaviour/{preset}", null);
        response.EnsureSuccessStatusCode();
    }

    public async Task<HttpResponseMessage> AdminAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("X-Admin-Key", AdminKey);
        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement> AdminGetAsync(string path)
    {
        using var response = await AdminAsync(HttpMethod.Get, path, null);
        response.EnsureSuccessStatusCode();
        return await JsonOf(response);
    }

    public static async Task<JsonElement> JsonOf(HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);

    private static async Task<Company> StartAsync(
        Func<string[], Action<WebApplicationBuilder>, WebApplication> create,
        string section,
        TimeProvider time,
        IEnumerable<string> settings
    )
    {
        var (app, logs) = await StartCoreAsync(create, time, [$"{section}:ApiKey={ApiKey}", $"{section}:AdminKey={AdminKey}", .. settings]);
        return new Company(app, logs);
    }
}
