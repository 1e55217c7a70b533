using Platform.Observatory.Receiving;
using Platform.Observatory.Tests;

namespace Platform.Observatory.Bench;

/// <summary>Runs the fuzzer of the tests for any length of time.</summary>
internal static class FuzzConsole
{
    /// <summary>False when an input was neither accepted nor rejected.</summary>
    public static async Task<bool> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        await using var app = ObservatoryApp.Create([
            .. Listener.Names.Select(name => $"--Kestrel:Endpoints:{name}:Url=http://127.0.0.1:0"),
            "--environment=Development",
            "--Logging:LogLevel:Default=Error",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Error",
            "--Observatory:MaxEventsPerMinute=1000000",
        ]);
        await app.StartAsync(cancellationToken);
        var directory = Directory.CreateTempSubdirectory("observatory-fuzz-");

        try
        {
            var run = new FuzzRun(FuzzTarget.Of(app.Services, directory.FullName), options.Seed);

            try
            {
                run.Run(options.Inputs, cancellationToken);
            }
            finally
            {
                Print(run, options);
            }

            return run.Failures.Count == 0;
        }
        finally
        {
            directory.Delete(recursive: true);
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static void Print(FuzzRun run, BenchOptions options)
    {
        var answered = run.Counts.Sum(counts => counts.Taken + counts.Refused);
        Console.WriteLine($"seed {options.Seed}, {answered:N0} of {options.Inputs:N0} inputs, {run.Failures.Count} failures");

        foreach (var counts in run.Counts)
        {
            var slowest = counts.Slowest;
            Console.WriteLine(
                $"{counts.Name, -20} {counts.Taken, 9:N0} taken {counts.Refused, 9:N0} refused, "
                    + $"slowest {slowest.Time.TotalMilliseconds, 6:F1} ms (input {slowest.Number})"
            );
        }

        foreach (var failure in run.Failures)
        {
            Console.WriteLine();
            Console.WriteLine(failure);
        }
    }
}
