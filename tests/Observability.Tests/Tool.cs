using System.ComponentModel;
using System.Diagnostics;

namespace Platform.Observability.Tests;

/// <summary>A checker that comes with the server whose configuration it reads.</summary>
internal static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Starts a server in a folder; the caller ends it.</summary>
    public static Process Start(string folder, string program, params string[] arguments)
    {
        try
        {
            var process = Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    WorkingDirectory = folder,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;

            // A full pipe would stop it.
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process;
        }
        catch (Win32Exception) when (Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") != "1")
        {
            Assert.Skip($"{program} is not installed; it comes with Debian's packages prometheus and prometheus-alertmanager.");
            throw;
        }
    }

    /// <summary>Runs it in a folder; its output and its exit code.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string folder, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    WorkingDirectory = folder,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(Limit);
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token);
                return (process.ExitCode, await output + await errors);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
        }
        catch (Win32Exception) when (Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") != "1")
        {
            Assert.Skip($"{program} is not installed; it comes with Debian's packages prometheus and prometheus-alertmanager.");
            throw;
        }
    }
}
