using System.Globalization;
using Platform.Alerts;
using Platform.Bench;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (AlertOptions.Parse(args, out var error) is not { } options)
{
    Console.Error.WriteLine(error);
    return 2;
}

// The start, and all phases with their limits.
using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(options.Minutes + 90));
var report = new Report();

try
{
    return await new AlertRun(options, report).RunAsync(limit.Token) ? 0 : 1;
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
