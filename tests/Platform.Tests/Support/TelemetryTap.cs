using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Observatory.Otlp;
using Platform.Tests.Support.Otlp;
using OtlpSpan = Platform.Observatory.Otlp.Span;

namespace Platform.Tests.Support;

/// <summary>One span, record or metric with the resource and the scope it was sent under.</summary>
internal sealed record Emitted<T>(IReadOnlyDictionary<string, string> Resource, string Scope, T Item);

internal static class Emitted
{
    /// <summary>Text values; the others are empty.</summary>
    public static IReadOnlyDictionary<string, string> Values(IEnumerable<KeyValue> attributes) =>
        attributes.ToDictionary(attribute => attribute.Key, attribute => attribute.Value?.StringValue ?? "");
}

/// <summary>
/// What services send, as it leaves them and before Observatory has cleaned or cut anything: it stands between them and Observatory, and
/// passes everything on.
/// </summary>
internal sealed class TelemetryTap : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _observatory;
    private readonly HttpClient _intake;
    private readonly ConcurrentQueue<byte[]> _traces = new();
    private readonly ConcurrentQueue<byte[]> _logs = new();
    private readonly ConcurrentQueue<byte[]> _metrics = new();
    private readonly ConcurrentQueue<byte[]> _envelopes = new();

    // By path and outcome: bounded by the status codes there are.
    private readonly ConcurrentDictionary<string, int> _outcomes = new();

    private TelemetryTap(WebApplication app, Uri observatory, Uri intake)
    {
        _app = app;
        _observatory = new HttpClient { BaseAddress = observatory };
        _intake = new HttpClient { BaseAddress = intake };
        app.MapPost("/v1/traces", context => TakeAsync(context, _traces));
        app.MapPost("/v1/logs", context => TakeAsync(context, _logs));
        app.MapPost("/v1/metrics", context => TakeAsync(context, _metrics));
        app.MapPost("/api/{project}/envelope/", TakeEnvelopeAsync);
    }

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public IReadOnlyList<Emitted<OtlpSpan>> Spans =>
        [
            .. from resource in EmittedTraces.Parser.ParseFrom([.. _traces.SelectMany(body => body)]).Resources
            from scope in resource.ScopeSpans
            from span in scope.Spans
            select new Emitted<OtlpSpan>(Emitted.Values(resource.Resource.Attributes), scope.Scope.Name, span),
        ];

    public IReadOnlyList<Emitted<LogRecord>> Logs =>
        [
            .. from resource in EmittedLogs.Parser.ParseFrom([.. _logs.SelectMany(body => body)]).Resources
            from scope in resource.ScopeLogs
            from record in scope.LogRecords
            select new Emitted<LogRecord>(Emitted.Values(resource.Resource.Attributes), scope.Scope.Name, record),
        ];

    public IReadOnlyList<Emitted<Metric>> Metrics =>
        [
            .. from resource in EmittedMetrics.Parser.ParseFrom([.. _metrics.SelectMany(body => body)]).Resources
            from scope in resource.Scopes
            from metric in scope.Metrics
            select new Emitted<Metric>(Emitted.Values(resource.Resource.Attributes), scope.Scope.Name, metric),
        ];

    /// <summary>How what was passed on was answered, for the message of a test that misses something.</summary>
    public string Outcomes => string.Join(", ", _outcomes.Select(outcome => $"{outcome.Key}: {outcome.Value}"));

    /// <summary>Everything that was sent, by signal; bodies of envelopes decompressed.</summary>
    public IEnumerable<(string Signal, byte[] Body)> Bodies =>
        from bodies in new[] { ("traces", _traces), ("logs", _logs), ("metrics", _metrics), ("envelopes", _envelopes) }
        from body in bodies.Item2
        select (bodies.Item1, body);

    /// <summary>Payloads of the error events.</summary>
    public IReadOnlyList<JsonElement> Events =>
        [.. _envelopes.SelectMany(ItemsOf).Where(item => item.Type == "event").Select(item => item.Payload)];

    /// <param name="observatory">Its pages, which also take envelopes.</param>
    /// <param name="intake">Its OTLP endpoint over HTTP.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<TelemetryTap> StartAsync(Uri observatory, Uri intake, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var tap = new TelemetryTap(builder.Build(), observatory, intake);
        await tap._app.StartAsync(cancellationToken);
        return tap;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _observatory.Dispose();
        _intake.Dispose();
    }

    private async Task TakeAsync(HttpContext context, ConcurrentQueue<byte[]> bodies)
    {
        var body = await ReadAsync(context.Request.Body, gzip: false);
        bodies.Enqueue(await ReadAsync(new MemoryStream(body), context.Request.Headers.ContentEncoding == "gzip"));
        await PassOnAsync(context, _intake, body, header => header.Equals("x-otlp-api-key", StringComparison.OrdinalIgnoreCase));
    }

    private async Task TakeEnvelopeAsync(HttpContext context)
    {
        var body = await ReadAsync(context.Request.Body, gzip: false);
        await PassOnAsync(context, _observatory, body, header => header.StartsWith("X-Sentry", StringComparison.OrdinalIgnoreCase));
        _envelopes.Enqueue(await ReadAsync(new MemoryStream(body), context.Request.Headers.ContentEncoding == "gzip"));
    }

    private async Task PassOnAsync(HttpContext context, HttpClient to, byte[] body, Func<string, bool> isPassedOn)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, context.Request.Path + context.Request.QueryString)
        {
            Content = new ByteArrayContent(body),
        };
        foreach (var (name, value) in context.Request.Headers.Where(header => isPassedOn(header.Key)))
        {
            request.Headers.TryAddWithoutValidation(name, value.ToString());
        }

        foreach (var (name, value) in context.Request.Headers.Where(header => header.Key is "Content-Type" or "Content-Encoding"))
        {
            request.Content.Headers.TryAddWithoutValidation(name, value.ToString());
        }

        HttpResponseMessage? sent = null;
        try
        {
            sent = await to.SendAsync(request, context.RequestAborted);
        }
        finally
        {
            _outcomes.AddOrUpdate($"{context.Request.Path} {sent?.StatusCode.ToString() ?? "no answer"}", 1, (_, count) => count + 1);
        }

        using var answer = sent;
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await context.Response.Body.WriteAsync(await answer.Content.ReadAsByteArrayAsync(context.RequestAborted), context.RequestAborted);
    }

    private static async Task<byte[]> ReadAsync(Stream from, bool gzip)
    {
        await using var source = gzip ? new GZipStream(from, CompressionMode.Decompress) : from;
        using var buffer = new MemoryStream();
        await source.CopyToAsync(buffer);
        return buffer.ToArray();
    }

    // {"sent_at":"…"}\n{"type":"event","length":123}\n{…}\n
    private static IEnumerable<(string Type, JsonElement Payload)> ItemsOf(byte[] envelope)
    {
        var lines = Encoding.UTF8.GetString(envelope).Split('\n');
        for (var i = 1; i + 1 < lines.Length && lines[i].Length > 0; i += 2)
        {
            yield return (
                JsonSerializer.Deserialize<JsonElement>(lines[i]).GetProperty("type").GetString()!,
                JsonSerializer.Deserialize<JsonElement>(lines[i + 1])
            );
        }
    }
}
