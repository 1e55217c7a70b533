using System.Globalization;
using Platform.Bench;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (BenchOptions.Parse(args, out var error) is not { } options)
{
    Console.Error.WriteLine(error);
    return 2;
}

using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes));
var report = new Report();

try
{
    await new BenchRun(options, report).RunAsync(limit.Token);
    return 0;
}
catch (OperationCanceledException) when (limit.IsCancellationRequested)
{
    Console.Error.WriteLine("Ended before its time.");
    return 3;
}
finally
{
    // Reports the results even when the run is cut short.
    report.Print();
}
