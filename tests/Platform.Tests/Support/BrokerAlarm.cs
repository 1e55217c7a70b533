using System.Diagnostics;
using System.Text;

namespace Platform.Tests.Support;

/// <summary>
/// The platform's RabbitMQ without memory: it reads nothing more from connections that publish, until this is disposed of.
/// </summary>
public sealed class BrokerAlarm : IAsyncDisposable
{
    // https://www.rabbitmq.com/docs/memory: zero raises the alarm at once.
    private static readonly string[] NoMemory = ["set_vm_memory_high_watermark", "0"];
    private static readonly string[] EnoughMemory = ["set_vm_memory_high_watermark", "absolute", "1GB"];

    private readonly PlatformFixture _platform;

    private BrokerAlarm(PlatformFixture platform) => _platform = platform;

    public static async Task<BrokerAlarm> RaiseAsync(PlatformFixture platform, CancellationToken cancellationToken)
    {
        await ControlAsync(platform, NoMemory, cancellationToken);
        return new BrokerAlarm(platform);
    }

    public async ValueTask DisposeAsync() => await ControlAsync(_platform, EnoughMemory, CancellationToken.None);

    private static async Task ControlAsync(PlatformFixture platform, string[] arguments, CancellationToken cancellationToken)
    {
        var folder = platform.WorkingDirectoryOf("rabbitmq");
        var program = Directory
            .GetDirectories("/usr/lib/rabbitmq/lib", "rabbitmq_server-*")
            .Order(StringComparer.Ordinal)
            .Select(version => Path.Combine(version, "sbin/rabbitmqctl"))
            .Last();
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };

        // Node, port mapper and cookie are the server's own.
        foreach (var (name, value) in EnvironmentOf($"RABBITMQ_CONFIG_FILE={folder}/rabbitmq"))
        {
            start.Environment[name] = value;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var control = Process.Start(start)!;

        // Their end is not waited for where nothing failed: what it started may keep them open.
        var output = control.StandardOutput.ReadToEndAsync(limit.Token);
        var error = control.StandardError.ReadToEndAsync(limit.Token);
        await control.WaitForExitAsync(limit.Token);
        if (control.ExitCode != 0)
        {
            Assert.Fail($"rabbitmqctl {string.Join(' ', arguments)}: {await output} {await error}");
        }
    }

    private static Dictionary<string, string> EnvironmentOf(string variable)
    {
        foreach (var process in Directory.GetDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                var environment = File.ReadAllText(Path.Combine(process, "environ"), Encoding.UTF8)
                    .Split('\0', StringSplitOptions.RemoveEmptyEntries);
                if (environment.Contains(variable))
                {
                    return environment
                        .Select(entry => entry.Split('=', 2))
                        .Where(entry => entry.Length == 2)
                        .DistinctBy(entry => entry[0])
                        .ToDictionary(entry => entry[0], entry => entry[1]);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is another user's.
            }
        }

        throw new InvalidOperationException($"No process has {variable}.");
    }
}
