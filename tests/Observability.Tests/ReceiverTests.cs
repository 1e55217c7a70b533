using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Prometheus;
using Platform.Testing;
using SmtpServer;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace Platform.Observability.Tests;

/// <summary>A real Alertmanager with the repository's configuration, and receivers of this machine that keep what they are told.</summary>
public sealed class ReceiverTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("alertmanager-").FullName;
    private readonly Sink _sink = new();
    private Process? _alertmanager;
    private HttpClient _http = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _sink.StartAsync();
        var port = FreePort();
        var text = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "observability", "alertmanager", "alertmanager.yml"),
            Cancellation
        );
        text = new[] { "chat", "mail", "pager" }.Aggregate(text, ConfigurationFiles.WithSection);
        text = ConfigurationFiles.WithGroupWait(text, TimeSpan.FromSeconds(1));
        text = text.Replace("http://observatory", $"{_sink.Address}/observatory", StringComparison.Ordinal)
            .Replace("http://chat", $"{_sink.Address}/chat", StringComparison.Ordinal)
            .Replace("pager-key", "key-1", StringComparison.Ordinal)
            .Replace("http://pager", $"{_sink.Address}/pager", StringComparison.Ordinal)
            .Replace("mail-server:25", $"127.0.0.1:{_sink.MailPort}", StringComparison.Ordinal)
            .Replace("mail-to", "team@platform.localhost", StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_folder, "secrets"));
        await WriteAsync("alertmanager.yml", text);
        await WriteAsync("secrets/alert-token", "token-1");

        // Started elsewhere, as it is in a container.
        _alertmanager = Tool.Start(
            Path.GetTempPath(),
            "prometheus-alertmanager",
            $"--config.file={_folder}/alertmanager.yml",
            $"--storage.path={_folder}/data",
            "--cluster.listen-address=",
            $"--web.listen-address=127.0.0.1:{port}"
        );
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await Eventually.TrueAsync(IsReadyAsync, "Alertmanager is ready");
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_alertmanager is not null)
        {
            _alertmanager.Kill();
            await _alertmanager.WaitForExitAsync(CancellationToken.None);
            _alertmanager.Dispose();
        }

        await _sink.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Three alerts of one kind and one service, told by two Prometheus servers, are one message to each.</summary>
    [Fact]
    public async Task Alerts_OfOneTrouble_AreOneMessageToChatAndMail_AndNobodyIsPaged()
    {
        for (var server = 0; server < 2; server++)
        {
            await TellAsync([.. Enumerable.Range(1, 3).Select(number => Alert("DatabasePoolLow", "orders", "warning", number))]);
        }

        await Eventually.TrueAsync(() => Task.FromResult(!_sink.Chat.IsEmpty && !_sink.Mail.IsEmpty), "chat and mail are told");
        await TellAsync(Alert("RedisMoved", "redis", "critical", 1));
        await Eventually.TrueAsync(() => Task.FromResult(!_sink.Pager.IsEmpty), "the pager is told of another");

        var chat = Assert.Single(_sink.Chat, message => message.Contains("DatabasePoolLow", StringComparison.Ordinal));
        Assert.Contains("firing: DatabasePoolLow orders (3)", chat, StringComparison.Ordinal);
        Assert.Contains("summary 3", chat, StringComparison.Ordinal);
        var mail = Assert.Single(_sink.Mail);
        Assert.Contains("DatabasePoolLow orders (3)", mail, StringComparison.Ordinal);
        Assert.Contains("team@platform.localhost", mail, StringComparison.Ordinal);
        var page = JsonSerializer.Deserialize<JsonElement>(Assert.Single(_sink.Pager));
        Assert.Equal("key-1", page.GetProperty("routing_key").GetString());
        Assert.Contains(
            "RedisMoved redis: summary 1",
            page.GetProperty("payload").GetProperty("summary").GetString(),
            StringComparison.Ordinal
        );

        // Observatory is told of everything, with the token.
        await Eventually.TrueAsync(
            () => Task.FromResult(_sink.Observatory.Count(message => !message.Contains("\"resolved\"", StringComparison.Ordinal)) == 2),
            "Observatory is told of both"
        );
        Assert.All(_sink.Tokens, token => Assert.Equal("Bearer token-1", token));
    }

    [Fact]
    public async Task Alert_ThatIsOnlyInfo_IsToldToObservatoryAlone()
    {
        await TellAsync(Alert("TrafficSpiked", "gateway", "info", 1));
        await Eventually.TrueAsync(() => Task.FromResult(!_sink.Observatory.IsEmpty), "Observatory is told");
        await TellAsync(Alert("DatabasePoolLow", "orders", "warning", 1));
        await Eventually.TrueAsync(() => Task.FromResult(!_sink.Chat.IsEmpty && !_sink.Mail.IsEmpty), "the team is told of another");

        Assert.DoesNotContain(
            _sink.Chat.Concat(_sink.Mail).Concat(_sink.Pager),
            message => message.Contains("TrafficSpiked", StringComparison.Ordinal)
        );
    }

    /// <summary>What the instances that answer say is not hidden by the one that does not.</summary>
    [Fact]
    public async Task ServiceThatIsDown_HidesItsOwnLatencyAndTraffic_AndNeitherItsErrorsNorAnotherService()
    {
        await TellAsync(
            Alert("ServiceDown", "gateway", "critical", 1),
            Alert("HighLatency", "gateway", "warning", 2),
            Alert("TrafficDropped", "gateway", "warning", 3),
            Alert("HighErrorRate", "gateway", "critical", 4),
            Alert("HighLatency", "orders", "warning", 5)
        );

        await Eventually.GetAsync(
            HiddenAsync,
            hidden => hidden.SequenceEqual(["HighLatency gateway", "TrafficDropped gateway"]),
            "what follows is hidden, and nothing else"
        );
        await Eventually.TrueAsync(
            () => Task.FromResult(_sink.Pager.Any(page => page.Contains("HighErrorRate", StringComparison.Ordinal))),
            "errors page"
        );
        Assert.Equal(["HighLatency gateway", "TrafficDropped gateway"], await HiddenAsync());

        async Task<IReadOnlyList<string>> HiddenAsync() =>
            [
                .. (await _http.GetFromJsonAsync<JsonElement>("/api/v2/alerts", Cancellation))
                    .EnumerateArray()
                    .Where(alert => alert.GetProperty("status").GetProperty("inhibitedBy").GetArrayLength() > 0)
                    .Select(alert => alert.GetProperty("labels"))
                    .Select(labels => $"{labels.GetProperty("alertname").GetString()} {labels.GetProperty("job").GetString()}")
                    .Order(StringComparer.Ordinal),
            ];
    }

    /// <summary>What a deploy looks like is told to nobody, another service's trouble is, and after the silence everything is.</summary>
    [Fact]
    public async Task Silence_OfOneService_HoldsForItAlone_AndEndsByItself()
    {
        var now = DateTimeOffset.UtcNow;
        using var made = await _http.PostAsJsonAsync(
            "/api/v2/silences",
            new
            {
                matchers = new[]
                {
                    new
                    {
                        name = "job",
                        value = "orders",
                        isRegex = false,
                        isEqual = true,
                    },
                },
                startsAt = now,
                endsAt = now.AddSeconds(20),
                createdBy = "test",
                comment = "a deploy",
            },
            Cancellation
        );
        Assert.True(made.IsSuccessStatusCode);
        await TellAsync(Alert("ServiceDown", "orders", "critical", 1), Alert("ServiceDown", "payments", "critical", 2));

        await Eventually.TrueAsync(
            () => Task.FromResult(_sink.Pager.Any(page => page.Contains("payments", StringComparison.Ordinal))),
            "payments pages"
        );
        Assert.DoesNotContain(_sink.Pager, page => page.Contains("ServiceDown orders", StringComparison.Ordinal));

        await Eventually.TrueAsync(
            () => Task.FromResult(_sink.Pager.Any(page => page.Contains("ServiceDown orders", StringComparison.Ordinal))),
            "orders pages after it"
        );
        Assert.True(DateTimeOffset.UtcNow >= now.AddSeconds(20));
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync("/-/ready", Cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(_folder, name), text, Cancellation);

    private async Task TellAsync(params object[] alerts)
    {
        using var answer = await _http.PostAsJsonAsync("/api/v2/alerts", alerts, Cancellation);
        answer.EnsureSuccessStatusCode();
    }

    private static object Alert(string name, string job, string severity, int number) =>
        new
        {
            labels = new
            {
                alertname = name,
                job,
                severity,
                team = "shop",
                instance = $"i-{number}",
            },
            annotations = new
            {
                summary = $"summary {number}",
                impact = "Users wait.",
                view = "/traces",
            },
        };

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Chat, pager and Observatory by HTTP, and a mail server.</summary>
    private sealed class Sink : MessageStore, IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private WebApplication _app = null!;
        private Task _mailServer = Task.CompletedTask;

        public ConcurrentQueue<string> Chat { get; } = [];

        public ConcurrentQueue<string> Pager { get; } = [];

        public ConcurrentQueue<string> Observatory { get; } = [];

        public ConcurrentQueue<string?> Tokens { get; } = [];

        public ConcurrentQueue<string> Mail { get; } = [];

        public int MailPort { get; } = FreePort();

        public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

        public async Task StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            _app = builder.Build();
            Map("/chat", Chat, "ok");
            Map("/pager", Pager, """{"status":"success","dedup_key":"1"}""");
            _app.MapPost(
                "/observatory/{**path}",
                async (HttpRequest request) =>
                {
                    Tokens.Enqueue(request.Headers.Authorization);
                    Observatory.Enqueue(await new StreamReader(request.Body).ReadToEndAsync());
                }
            );
            await _app.StartAsync(Cancellation);

            var services = new SmtpServer.ComponentModel.ServiceProvider();
            services.Add(this);
            var options = new SmtpServerOptionsBuilder()
                .ServerName("localhost")
                .Endpoint(endpoint => endpoint.Endpoint(new IPEndPoint(IPAddress.Loopback, MailPort)))
                .Build();
            _mailServer = new SmtpServer.SmtpServer(options, services).StartAsync(_end.Token);
        }

        public override Task<SmtpResponse> SaveAsync(
            ISessionContext context,
            IMessageTransaction transaction,
            System.Buffers.ReadOnlySequence<byte> buffer,
            CancellationToken cancellationToken
        )
        {
            Mail.Enqueue(System.Text.Encoding.UTF8.GetString(System.Buffers.BuffersExtensions.ToArray(buffer)));
            return Task.FromResult(SmtpResponse.Ok);
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _mailServer;
            await _app.DisposeAsync();
            _end.Dispose();
        }

        private void Map(string path, ConcurrentQueue<string> kept, string answer) =>
            _app.MapPost(
                path,
                async (HttpRequest request) =>
                {
                    using var reader = new StreamReader(request.Body);
                    kept.Enqueue(await reader.ReadToEndAsync());
                    return Results.Text(answer, "application/json", statusCode: path == "/pager" ? 202 : 200);
                }
            );
    }
}
