using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Platform.ServiceDefaults;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

public sealed class BadRequestTests : IAsyncLifetime
{
    private const string Key = "b1f4c7de-5a57-4f0c-8b8f-2a1f6f0a9c11";

    private WebApplication _app = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = LoopbackApp.CreateBuilder();
        builder.Services.AddRouting();
        builder.AddDefaultProblemDetails();
        _app = builder.Build();
        _app.UseDefaultProblemDetails();
        _app.UseRouting();
        _app.MapPost("/orders", (Order _, [FromHeader(Name = "Idempotency-Key")] Guid key, int? limit) => $"{key} {limit}");
        _app.MapGet("/orders", (int? limit, Guid? cursor) => $"{limit} {cursor}");
        _app.MapGet("/pages/{page}", (int page, bool full) => $"{page} {full}");
        await _app.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    [Theory]
    [InlineData("/orders?limit=abc", "limit")]
    [InlineData("/orders?limit=0x10", "limit")]
    [InlineData("/orders?limit=99999999999", "limit")]
    [InlineData("/orders?cursor=abc", "cursor")]
    [InlineData("/orders?limit=5&cursor=abc", "cursor")]
    [InlineData("/orders?limit=abc&cursor=abc", "limit")]
    [InlineData("/orders?limit=&cursor=abc", "limit")]
    [InlineData("/pages/abc?full=true", "page")]
    [InlineData("/pages/1?full=maybe", "full")]
    [InlineData("/pages/1", "full")]
    [InlineData("/pages/1?full=", "full")]
    public async Task Query_WithAValueThatDoesNotParse_IsRefusedByItsName(string path, string field)
    {
        using var client = Client();

        using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(field, await RefusedFieldAsync(response));
    }

    [Theory]
    [InlineData("{\"quantity\":1}", null, "Idempotency-Key")]
    [InlineData("{\"quantity\":1}", "", "Idempotency-Key")]
    [InlineData("{\"quantity\":1}", "not-a-uuid", "Idempotency-Key")]
    [InlineData("{\"quantity\":\"many\"}", Key, "quantity")]
    [InlineData("{\"quantity\":\"many\"}", "not-a-uuid", "quantity")]
    [InlineData("null", Key, "body")]
    [InlineData("", Key, "body")]
    [InlineData("", "not-a-uuid", "body")]
    public async Task Post_WithABadHeaderOrBody_IsRefusedByTheFirstThatIsWrong(string body, string? key, string field)
    {
        using var client = Client();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        if (key is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Idempotency-Key", key);
        }

        using var response = await client.PostAsync("/orders", content, TestContext.Current.CancellationToken);

        Assert.Equal(field, await RefusedFieldAsync(response));
    }

    private HttpClient Client() => new() { BaseAddress = new Uri(_app.Urls.Single()) };

    private static async Task<string> RefusedFieldAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement.GetProperty("errors").EnumerateObject().Single().Name;
    }

    private sealed record Order(int Quantity);
}
