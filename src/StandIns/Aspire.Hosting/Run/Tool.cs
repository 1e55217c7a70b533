using Aspire.Hosting.Resolve;

namespace Aspire.Hosting.Run;

/// <summary>Runs a program to its end: initdb, apt-get, --version.</summary>
internal static class Tool
{
    public static async Task<int> RunAsync(ProcessSpec spec, string runFolder, Action<string> writeLine, CancellationToken cancellationToken)
    {
        var process = await RunningProcess.StartAsync(spec, runFolder, (line, _) => writeLine(line)).ConfigureAwait(false);
        try
        {
            return await process.Exited.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await process.StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The first line a program prints about itself.</summary>
    public static async Task<string> VersionAsync(string executable, string runFolder, CancellationToken cancellationToken)
    {
        string? first = null;
        var spec = new ProcessSpec
        {
            Executable = executable,
            Arguments = ["--version"],
            WorkingDirectory = "/",
            Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
        };
        await RunAsync(spec, runFolder, line => first ??= line, cancellationToken).ConfigureAwait(false);
        return first ?? Path.GetFileName(executable);
    }
}
