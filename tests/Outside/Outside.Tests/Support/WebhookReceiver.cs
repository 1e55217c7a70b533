using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Platform.Outside.Tests.Support;

internal sealed record ReceivedWebhook(Dictionary<string, string> Headers, string Body)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);
}

/// <summary>A customer's webhook endpoint that answers what it is told to, else 204.</summary>
internal static class WebhookReceiver
{
    public static Task<TestApp> StartAsync(ConcurrentQueue<ReceivedWebhook> received, Func<int> status) =>
        TestApp.StartAsync(
            (args, configure) =>
            {
                var builder = WebApplication.CreateBuilder(args);
                configure(builder);
                var app = builder.Build();
                app.MapPost(
                    "/hook",
                    async (HttpContext context) =>
                    {
                        using var reader = new StreamReader(context.Request.Body);
                        var body = await reader.ReadToEndAsync(context.RequestAborted);
                        var answer = status();
                        received.Enqueue(
                            new ReceivedWebhook(
                                context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                                body
                            )
                        );
                        return Results.StatusCode(answer);
                    }
                );
                return app;
            },
            TimeProvider.System,
            []
        );
}
