using System.Globalization;
using Platform.Bench;
using Platform.Soak;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (SoakOptions.Parse(args, out var error) is not { } options)
{
    Console.Error.WriteLine(error);
    return 2;
}

// The start, the orders, and the time to decide them afterwards.
using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes + 20));
var report = new Report();

try
{
    return await new SoakRun(options, report).RunAsync(limit.Token) ? 0 : 1;
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
