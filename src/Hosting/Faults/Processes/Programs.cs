using System.Diagnostics;

namespace Platform.Faults.Processes;

internal static class Programs
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <exception cref="FaultException">It failed; the message has what it wrote.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or it took longer than a minute; it is killed.</exception>
    public static Task RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        CancellationToken cancellationToken
    ) => RunAsync(program, arguments, environment, reads: false, cancellationToken);

    /// <returns>What it wrote.</returns>
    /// <exception cref="FaultException">It failed; the message has what it wrote.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or it took longer than a minute; it is killed.</exception>
    public static Task<string> ReadAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        CancellationToken cancellationToken
    ) => RunAsync(program, arguments, environment, reads: true, cancellationToken);

    private static async Task<string> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        bool reads,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        using var process = Process.Start(start)!;
        try
        {
            // Their end is not waited for where nothing failed and nobody asked: what the program started may keep them open.
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            if (process.ExitCode != 0)
            {
                throw new FaultException($"{Path.GetFileName(program)} ended with {process.ExitCode}: {await error}{await output}");
            }

            return reads ? await output : "";
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
