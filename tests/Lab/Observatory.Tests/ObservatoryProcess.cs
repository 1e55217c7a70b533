using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Tests;

/// <summary>The whole application on free ports of this machine.</summary>
internal sealed class ObservatoryProcess : IAsyncDisposable
{
    /// <summary>As the script of the pages asks: without being redirected to the login form.</summary>
    public static readonly (string Name, string Value) ByScript = ("X-Requested-With", "XMLHttpRequest");

    private readonly WebApplication _app;

    private ObservatoryProcess(WebApplication app)
    {
        _app = app;
        var listeners = app.Services.GetRequiredService<Listeners>();
        Http = Client(listeners.PortOf(Listener.Http), HttpVersion.Version11);
        OtlpHttp = Client(listeners.PortOf(Listener.OtlpHttp), HttpVersion.Version11);
        OtlpGrpc = Client(listeners.PortOf(Listener.OtlpGrpc), HttpVersion.Version20);
        Management = Client(listeners.PortOf(Listener.Management), HttpVersion.Version11);
    }

    public HttpClient Http { get; }

    public HttpClient OtlpHttp { get; }

    public HttpClient OtlpGrpc { get; }

    public HttpClient Management { get; }

    public IServiceProvider Services => _app.Services;

    public static Task<ObservatoryProcess> StartAsync(params string[] settings) => StartAsync(configure: null, settings);

    public static async Task<ObservatoryProcess> StartAsync(Action<IServiceCollection>? configure, params string[] settings)
    {
        string[] args =
        [
            .. Listener.Names.Select(name => $"--Kestrel:Endpoints:{name}:Url=http://127.0.0.1:0"),
            "--Kestrel:Endpoints:otlp-grpc:Protocols=Http2",
            "--Logging:LogLevel:Default=Error",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Error",
            "--Logging:LogLevel:Platform=Error",
            "--environment=Development",
            .. settings,
        ];
        var app = ObservatoryApp.Create(args, configure);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ObservatoryProcess(app);
    }

    public async Task<JsonNode> GetJsonAsync(string path)
    {
        using var response = await Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>As a program or a browser asks, redirects not followed.</summary>
    public async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        OtlpHttp.Dispose();
        OtlpGrpc.Dispose();
        Management.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The client owns its handler.")]
    private static HttpClient Client(int port, Version version) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(20),
        };
}
