using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Npgsql;

// The AppHosts of two tests at once would be slower than one after the other, and write the same user secrets.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Platform.Hosting.Tests;

/// <summary>A running AppHost with the three servers as processes, on ports of its own.</summary>
public sealed class Servers : IAsyncLifetime
{
    public static readonly string[] Names = ["postgres", "redis", "rabbitmq"];

    /// <summary>Servers to be installed included.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(6);

    /// <summary>A healthy server is looked at every 30 s only, which a restart that nobody saw does not change.</summary>
    private static readonly TimeSpan RestartTimeout = TimeSpan.FromSeconds(90);

    private const string ProcessId = "executable.pid";

    private DistributedApplication? _app;

    public IReadOnlyList<string> Arguments { get; init; } = ["--Servers=process"];

    public DistributedApplication App => _app ?? throw new InvalidOperationException("The AppHost did not start.");

    /// <summary>Why servers cannot run here; null when they do.</summary>
    public string? Unavailable { get; private set; }

    public async ValueTask InitializeAsync()
    {
        using var limit = new CancellationTokenSource(StartTimeout);
        await StartAsync(limit.Token);
        foreach (var name in Names)
        {
            try
            {
                await App.ResourceNotifications.WaitForResourceHealthyAsync(name, WaitBehavior.StopOnResourceUnavailable, limit.Token);
            }
            catch (DistributedApplicationException exception) when (Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") != "1")
            {
                Unavailable = $"{name} does not run here: {exception.Message}";
                return;
            }
        }
    }

    /// <summary>Does not wait for anything to be healthy.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Hosting_Tests_AppHost>(
            [.. Arguments],
            cancellationToken
        );
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
        _app = await builder.BuildAsync(cancellationToken);
        await _app.StartAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    public CustomResourceSnapshot StateOf(string resource) =>
        App.ResourceNotifications.TryGetCurrentState(resource, out var state)
            ? state.Snapshot
            : throw new InvalidOperationException($"{resource} has no state.");

    public int ProcessIdOf(string resource) => int.Parse(Property(resource, ProcessId), CultureInfo.InvariantCulture);

    /// <summary>The temporary folder of the run, which every server has its own below.</summary>
    public string RunFolder => Path.GetDirectoryName(Property("postgres", "executable.workDir"))!;

    public async Task CommandAsync(string resource, string command, CancellationToken cancellationToken)
    {
        var result = await App.ResourceCommands.ExecuteCommandAsync(resource, command, cancellationToken);
        Assert.True(result.Success, $"{command} on {resource}: {result.Message}");
    }

    /// <summary>
    /// Waits, after a start or restart, until another process than the previous one runs and is healthy, and tells its id. What is shown
    /// may lag behind the command: the end of the process before, or even its running and its health.
    /// </summary>
    public async Task<int> WaitForOtherProcessAsync(string resource, int previous, CancellationToken cancellationToken)
    {
        var last = "nothing";
        try
        {
            await App
                .ResourceNotifications.WaitForResourceAsync(resource, IsOther, cancellationToken)
                .WaitAsync(RestartTimeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{resource}: no healthy process other than {previous} within {RestartTimeout}; last seen: {last}");
        }

        return ProcessIdOf(resource);

        bool IsOther(ResourceEvent change)
        {
            var state = change.Snapshot;
            var id = state.Properties.FirstOrDefault(property => property.Name == ProcessId)?.Value?.ToString();
            last = $"{state.State?.Text}, process {id}, {state.HealthStatus}";
            return state.State?.Text == KnownResourceStates.Running
                && id is { Length: > 0 }
                && id != previous.ToString(CultureInfo.InvariantCulture)
                && IsHealthySinceItsStart(state);
        }
    }

    /// <summary>A report from before the start is of the process before.</summary>
    public static bool IsHealthySinceItsStart(CustomResourceSnapshot state) =>
        state.HealthStatus == HealthStatus.Healthy && state.HealthReports.All(report => report.LastRunAt > state.StartTimeStamp);

    /// <summary>The log, once that is in it.</summary>
    public async Task<string> LogWithAsync(string resource, string text, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var log = await LogOfAsync(resource, cancellationToken);
            if (log.Contains(text, StringComparison.Ordinal))
            {
                return log;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < limit, $"{resource} does not say '{text}': {log}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
    }

    public async Task<string> LogOfAsync(string resource, CancellationToken cancellationToken)
    {
        var model = App
            .Services.GetRequiredService<DistributedApplicationModel>()
            .Resources.Single(candidate => candidate.Name == resource);
        var lines = new List<string>();
        await foreach (
            var batch in App.Services.GetRequiredService<ResourceLoggerService>().GetAllAsync(model).WithCancellation(cancellationToken)
        )
        {
            lines.AddRange(batch.Select(line => line.Content));
        }

        return string.Join('\n', lines);
    }

    public async Task<T> QueryAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create((await App.GetConnectionStringAsync("shopdb", cancellationToken))!);
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private string Property(string resource, string name) =>
        StateOf(resource).Properties.FirstOrDefault(property => property.Name == name)?.Value?.ToString()
        ?? throw new InvalidOperationException($"{resource} has no property {name}.");
}

internal static class Processes
{
    /// <summary>Command lines of all processes of this machine.</summary>
    public static IEnumerable<(int Id, string CommandLine)> All()
    {
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                string line;
                try
                {
                    line = File.ReadAllText($"/proc/{process.Id}/cmdline").Replace('\0', ' ');
                }
                catch (IOException)
                {
                    // Ended meanwhile.
                    continue;
                }

                yield return (process.Id, line);
            }
        }
    }

    /// <summary>The processes that work for a run, by where they are or what they were started with.</summary>
    public static IReadOnlyList<string> Of(string runFolder) =>
        [
            .. All()
                .Where(process => process.CommandLine.Contains(runFolder, StringComparison.Ordinal) || IsBelow(process.Id, runFolder))
                .Select(process => process.CommandLine),
        ];

    private static bool IsBelow(int id, string folder)
    {
        try
        {
            return new FileInfo($"/proc/{id}/cwd").LinkTarget?.StartsWith(folder, StringComparison.Ordinal) == true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Ended meanwhile.
            return false;
        }
    }
}
