using System.Diagnostics;

namespace Platform.Tests.Support;

/// <summary>The AppHost as a program of its own, for what ends by itself.</summary>
internal static class AppHostProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    public static Task<(int ExitCode, string Output)> RunAsync(
        string[] arguments,
        CancellationToken cancellationToken,
        params ReadOnlySpan<(string Name, string Value)> environment
    )
    {
        // The AppHost's own output: .../bin/AppHost/debug beside .../bin/Platform.Tests/debug.
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        var start = new ProcessStartInfo(Path.Combine(folder.Parent!.Parent!.FullName, "AppHost", folder.Name, "AppHost"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return RunAsync(start, cancellationToken);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(ProcessStartInfo start, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        using var program = Process.Start(start)!;
        try
        {
            var output = await Task.WhenAll(
                program.StandardOutput.ReadToEndAsync(limit.Token),
                program.StandardError.ReadToEndAsync(limit.Token)
            );
            await program.WaitForExitAsync(limit.Token);
            return (program.ExitCode, string.Concat(output));
        }
        finally
        {
            // It has ended, unless the wait for it was given up.
            program.Kill(entireProcessTree: true);
        }
    }
}
