using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests.Support;

/// <summary>A server that takes envelopes, remembers them and answers as the test says.</summary>
internal sealed class EnvelopeReceiver : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly WebApplication _server;
    private readonly Lock _lock = new();
    private readonly List<Envelope> _envelopes = [];
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private EnvelopeReceiver(WebApplication server) => _server = server;

    /// <summary>Answers one request; by default 200.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = context => context.Response.WriteAsync("""{"id":"0"}""");

    public string Dsn { get; private set; } = "";

    public IReadOnlyList<Envelope> Envelopes
    {
        get
        {
            lock (_lock)
            {
                return [.. _envelopes];
            }
        }
    }

    public IReadOnlyList<JsonElement> Events => [.. Envelopes.SelectMany(envelope => envelope.OfType("event"))];

    /// <summary>Everything that client reports have said, by reason.</summary>
    public IReadOnlyDictionary<string, long> Discarded =>
        Envelopes.SelectMany(envelope => envelope.OfType("client_report"))
            .SelectMany(report => report.GetProperty("discarded_events").EnumerateArray())
            .GroupBy(entry => entry.GetProperty("reason").GetString()!)
            .ToDictionary(reason => reason.Key, reason => reason.Sum(entry => entry.GetProperty("quantity").GetInt64()));

    public static async Task<EnvelopeReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var receiver = new EnvelopeReceiver(builder.Build());
        receiver._server.Map("/{**path}", (RequestDelegate)receiver.ReceiveAsync);
        await receiver._server.StartAsync();
        var address = new Uri(receiver._server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        receiver.Dsn = $"http://publickey@127.0.0.1:{address.Port}/42";
        return receiver;
    }

    public static Task AnswerStatus(HttpContext context, int status, string? rateLimits = null)
    {
        context.Response.StatusCode = status;
        if (rateLimits is not null)
        {
            context.Response.Headers["X-Sentry-Rate-Limits"] = rateLimits;
        }

        return context.Response.WriteAsync("""{"detail":"as the test says"}""");
    }

    public async Task<Envelope> FirstAsync() => (await WaitAsync(1))[0];

    public async Task<JsonElement> EventAsync() => Assert.Single((await FirstAsync()).OfType("event"));

    /// <summary>Waits until <paramref name="count"/> envelopes are here.</summary>
    public async Task<IReadOnlyList<Envelope>> WaitAsync(int count)
    {
        await UntilAsync(() => Envelopes.Count >= count);
        return Envelopes;
    }

    public async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            Task arrived;
            lock (_lock)
            {
                arrived = _arrived.Task;
            }

            if (condition())
            {
                return;
            }

            try
            {
                await arrived.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Not within {Deadline}. Here: {string.Join("\n---\n", Envelopes.Select(envelope => envelope.Text))}");
            }
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var envelope = Envelope.Parse(context.Request.Path, headers, body.ToArray());
        lock (_lock)
        {
            _envelopes.Add(envelope);
            _arrived.SetResult();
            _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await Answer(context);
    }
}
