using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.Outside.Tests.Support;

/// <summary>A real application on a free loopback port, with its log lines at hand.</summary>
internal class TestApp : IAsyncDisposable
{
    /// <summary>In a setting, stands for a directory of this application alone, deleted with it.</summary>
    public const string OwnDirectory = "{own}";

    private readonly WebApplication _app;
    private readonly string _ownDirectory;

    protected TestApp(WebApplication app, ConcurrentQueue<string> logs)
    {
        _app = app;
        _ownDirectory = app.Environment.ContentRootPath;
        Logs = logs;
        Address = new Uri(app.Urls.Single());
        Client = new HttpClient { BaseAddress = Address, Timeout = Eventually.DefaultTimeout };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public ConcurrentQueue<string> Logs { get; }

    public static async Task<TestApp> StartAsync(
        Func<string[], Action<WebApplicationBuilder>, WebApplication> create,
        TimeProvider time,
        IEnumerable<string> settings
    )
    {
        var (app, logs) = await StartCoreAsync(create, time, settings);
        return new TestApp(app, logs);
    }

    public Task StopAsync() =>
        _app.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_ownDirectory, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static async Task<(WebApplication App, ConcurrentQueue<string> Logs)> StartCoreAsync(
        Func<string[], Action<WebApplicationBuilder>, WebApplication> create,
        TimeProvider time,
        IEnumerable<string> settings
    )
    {
        var logs = new ConcurrentQueue<string>();

        // An empty content root: the three applications' appsettings.json share one output directory here.
        var own = Directory.CreateTempSubdirectory("outside-tests-").FullName;
        string[] args =
        [
            "--contentRoot",
            own,
            "--Kestrel:Endpoints:http:Url",
            "http://127.0.0.1:0",
            .. settings.Select(setting => "--" + setting.Replace(OwnDirectory, own, StringComparison.Ordinal)),
        ];
        try
        {
            var app = create(
                args,
                builder =>
                {
                    builder.Logging.ClearProviders().AddProvider(new QueueLoggerProvider(logs));
                    builder.Services.AddSingleton(time);
                }
            );
            await app.StartAsync(TestContext.Current.CancellationToken);
            return (app, logs);
        }
        catch
        {
            Directory.Delete(own, recursive: true);
            throw;
        }
    }

    private sealed class QueueLoggerProvider(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Enqueue(formatter(state, exception));

        public void Dispose() { }
    }
}
