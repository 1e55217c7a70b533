using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.Observatory.Tests;

/// <summary>A server on this machine that answers each path with one text.</summary>
internal sealed class JsonServer(WebApplication app) : IAsyncDisposable
{
    public int Asked { get; private set; }

    /// <summary>Bodies that were posted.</summary>
    public ConcurrentQueue<string> Posted { get; } = [];

    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<JsonServer> StartAsync(params string[] pathsAndAnswers)
    {
        var builder = WebApplication.CreateSlimBuilder();

        // Observatory's settings lie beside the tests.
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new JsonServer(app);
        foreach (var answer in pathsAndAnswers.Chunk(2))
        {
            app.MapGet(
                answer[0],
                () =>
                {
                    server.Asked++;
                    return Results.Text(answer[1], answer[1].StartsWith('<') ? "text/html" : "application/json");
                }
            );
        }

        app.MapPost(
            "/{**path}",
            async (HttpRequest request) =>
            {
                using var reader = new StreamReader(request.Body);
                server.Posted.Enqueue(await reader.ReadToEndAsync());
            }
        );
        await app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
