using System.Diagnostics;

namespace Platform.ForeignSdk.Tests;

/// <summary>A child process that runs to its end, or to a time limit.</summary>
internal static class Child
{
    /// <summary>
    /// Both pipes are read to the end; past the limit the program and what it started are killed, and TimeoutException is thrown.
    /// </summary>
    public static async Task<ChildResult> RunAsync(ProcessStartInfo start, TimeSpan limit, CancellationToken cancellationToken)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(limit);

        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limited.Token);
            var error = process.StandardError.ReadToEndAsync(limited.Token);
            await Task.WhenAll(output, error, process.WaitForExitAsync(limited.Token));
            return new ChildResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end within {limit.TotalSeconds} s."
            );
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}

internal sealed record ChildResult(int ExitCode, string Output, string Error);
