using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.Tests.Support;

/// <summary>A started application of real processes, stopped with the test.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly DistributedApplication _app;
    private readonly CancellationTokenSource _stop = new();

    private TestApp(IDistributedApplicationBuilder builder)
    {
        _app = builder.Build();
        Folder = ((DistributedApplicationBuilder)builder).RunFolder.Path;
    }

    public DistributedApplication App => _app;

    public string Folder { get; }

    /// <summary>Completes when every wait of the start is over.</summary>
    public Task Started { get; private set; } = Task.CompletedTask;

    public ResourceLoggerService Logs => _app.Services.GetRequiredService<ResourceLoggerService>();

    /// <summary>Starts without waiting: for tests that look at what happens meanwhile.</summary>
    public static TestApp Start(IDistributedApplicationBuilder builder)
    {
        var app = new TestApp(builder);
        app.Started = app._app.StartAsync(app._stop.Token);
        return app;
    }

    public static async Task<TestApp> StartAsync(IDistributedApplicationBuilder builder)
    {
        var app = Start(builder);
        await app.Started.WaitAsync(Limit.Token);
        return app;
    }

    public Task<ResourceEvent> ReachAsync(string name, string state) => ReachAsync(name, s => s.State?.Text == state);

    public Task<ResourceEvent> ReachAsync(string name, Func<CustomResourceSnapshot, bool> condition) =>
        _app.ResourceNotifications.WaitForResourceAsync(name, e => condition(e.Snapshot), Limit.Token);

    public Task<ExecuteCommandResult> ExecuteAsync(string name, string command) => _app.ResourceCommands.ExecuteCommandAsync(name, command, Limit.Token);

    public CustomResourceSnapshot State(string name) =>
        _app.ResourceNotifications.TryGetCurrentState(name, out var state) ? state.Snapshot : throw new InvalidOperationException($"'{name}' has no state.");

    /// <summary>Everything a resource has printed so far, without the time stamps.</summary>
    public async Task<IReadOnlyList<string>> PrintedAsync(IResource resource)
    {
        var lines = new List<string>();
        await foreach (var batch in Logs.GetAllAsync(resource))
        {
            lines.AddRange(batch.Select(l => l.Content[(l.Content.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
        }

        return lines;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Started.WaitAsync(Limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.StopAsync(Limit.Token);
        await _app.DisposeAsync();
        _stop.Dispose();
    }
}

internal static class Processes
{
    public static int Pid(this CustomResourceSnapshot snapshot) => (int)snapshot.Properties.Single(p => p.Name == "executable.pid").Value!;

    /// <summary>A zombie has ended: whoever adopted it just has not asked.</summary>
    public static bool IsAlive(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
