using System.ComponentModel;
using System.Diagnostics;
using Platform.ForeignSdk.Tests;
using Platform.Observatory.Settings;
using Platform.Observatory.Tests;

[assembly: AssemblyFixture(typeof(NodePackages))]

namespace Platform.ForeignSdk.Tests;

/// <summary>The packages of <c>node/package-lock.json</c>, installed once beside the copies of the programs in the test's output.</summary>
public sealed class NodePackages : IAsyncLifetime
{
    public const string SentryKey = "0123456789abcdef0123456789abcdef";
    public const string OtlpKey = "k-otlp";
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan ProgramLimit = TimeSpan.FromMinutes(1);
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "node");
    private string? _missing;

    public async ValueTask InitializeAsync()
    {
        // Inherits this environment, which configures the registry.
        var start = new ProcessStartInfo("npm", ["ci", "--prefer-offline"]) { WorkingDirectory = Folder };

        try
        {
            var result = await Child.RunAsync(start, InstallLimit, TestContext.Current.CancellationToken);
            _missing = result.ExitCode == 0 ? null : $"npm ci failed with {result.ExitCode}: {result.Error}";
        }
        catch (Exception exception) when (exception is Win32Exception or TimeoutException)
        {
            // A fixture cannot skip: the tests do, with this reason.
            _missing = $"The packages of Node are not installed: {exception.Message}";
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Runs a program that is only told where Observatory listens.</summary>
    internal async Task<ChildResult> RunAsync(ObservatoryProcess observatory, string program, params (string Name, string Value)[] settings)
    {
        if (_missing is not null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") == "1", _missing);
            Assert.Fail(_missing + " PLATFORM_REQUIRE_DEPS=1 asks for them.");
        }

        var start = new ProcessStartInfo("node", [Path.Combine(Folder, program)]) { WorkingDirectory = Folder };
        start.Environment.Clear();
        (string Name, string Value)[] environment =
        [
            ("PATH", Environment.GetEnvironmentVariable("PATH") ?? ""),
            ("NO_PROXY", "127.0.0.1,localhost"),
            ("SENTRY_DSN", Dsn(observatory, SentryKey)),
            ("SENTRY_RELEASE", "shop@1.4.0"),
            ("SENTRY_ENVIRONMENT", "staging"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{observatory.OtlpHttp.BaseAddress!.Port}"),
            ("OTEL_EXPORTER_OTLP_HEADERS", $"x-otlp-api-key={OtlpKey}"),
            .. settings,
        ];

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return await Child.RunAsync(start, ProgramLimit, TestContext.Current.CancellationToken);
    }

    /// <summary>Like RunAsync, for a program that must succeed; returns its output.</summary>
    internal async Task<string> SucceedAsync(ObservatoryProcess observatory, string program, params (string Name, string Value)[] settings)
    {
        var result = await RunAsync(observatory, program, settings);
        Assert.True(result.ExitCode == 0, $"{program} ended with {result.ExitCode}: {result.Error}");
        return result.Output.Trim();
    }

    internal static string Dsn(ObservatoryProcess observatory, string key) =>
        $"http://{key}@127.0.0.1:{observatory.Http.BaseAddress!.Port}/1";

    /// <summary>Starts Observatory with keys required of every sender.</summary>
    internal static Task<ObservatoryProcess> StartObservatoryAsync(params string[] settings) =>
        ObservatoryProcess.StartAsync([
            $"--{ObservatoryOptions.SectionName}:SentryKey={SentryKey}",
            $"--{ObservatoryOptions.SectionName}:OtlpApiKey={OtlpKey}",
            .. settings,
        ]);
}
