using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Tests.Support;

internal sealed record ReceivedRequest(string Method, string Path, string? Key);

/// <summary>Kestrel in the test process, where a resource says it listens.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly WebApplication _web;

    private Listener(WebApplication web) => _web = web;

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = [];

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public static async Task<Listener> StartAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var web = builder.Build();
        web.Urls.Add(url);
        var listener = new Listener(web);
        web.Run(context =>
        {
            listener.Requests.Enqueue(new ReceivedRequest(context.Request.Method, context.Request.Path, context.Request.Headers["X-Key"]));
            context.Response.StatusCode = listener.StatusCode;
            return Task.CompletedTask;
        });
        await web.StartAsync(Limit.Token);
        return listener;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
