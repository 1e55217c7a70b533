using System.Globalization;
using System.Runtime.InteropServices;
using Platform.Observatory.Bench;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (!BenchOptions.TryParse(args, out var options, out var error))
{
    Console.Error.WriteLine(error);
    return 2;
}

using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes));

// Ctrl+C also ends Observatory, and still reports what was measured.
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

try
{
    if (options.Fuzz)
    {
        return await FuzzConsole.RunAsync(options, limit.Token) ? 0 : 1;
    }

    await new BenchRun(options).RunAsync(limit.Token);
    return 0;
}
catch (OperationCanceledException) when (limit.IsCancellationRequested)
{
    Console.Error.WriteLine("Ended before its time.");
    return 3;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    limit.Cancel();
}
