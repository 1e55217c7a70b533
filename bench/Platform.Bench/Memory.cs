using System.Globalization;

namespace Platform.Bench;

/// <summary>Memory of all descendants of this process, servers and their helpers included. Linux only.</summary>
internal static class Memory
{
    private const double Mebibyte = 1024;
    private const double GoalMebibytes = 1536;

    public static void Add(Report report)
    {
        if (!Directory.Exists("/proc"))
        {
            return;
        }

        var parents = Directory
            .EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .OfType<string>()
            .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
            .Select(id => (Id: id, Parent: Read($"/proc/{id}/status", "PPid:")))
            .ToLookup(process => process.Parent, process => process.Id);
        var ours = new List<string>();
        var open = new Stack<string>([
            Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            .. OrchestratorsOf(Environment.ProcessId),
        ]);

        while (open.TryPop(out var id))
        {
            foreach (var child in parents[id])
            {
                ours.Add(child);
                open.Push(child);
            }
        }

        ours.AddRange(OrchestratorsOf(Environment.ProcessId));
        var (aspire, platform) = (ours.Distinct().Where(IsAspires).ToList(), ours.Distinct().Where(id => !IsAspires(id)).ToList());
        report.Add(
            "platform idle, proportional set",
            $"{MebibytesOf(platform):N0} MiB in {platform.Count} processes",
            $"{GoalMebibytes:N0} MiB",
            MebibytesOf(platform) < GoalMebibytes
        );
        var metrics = platform.Where(IsOfMetrics).ToList();
        report.Add("of that Prometheus, Alertmanager and the exporters", $"{MebibytesOf(metrics):N0} MiB in {metrics.Count} processes");
        report.Add(
            "Aspire itself (orchestrator, monitors, dashboard; AppHost left out)",
            $"{MebibytesOf(aspire):N0} MiB in {aspire.Count} processes"
        );
    }

    private static double MebibytesOf(IEnumerable<string> processes) =>
        processes.Sum(id =>
            double.TryParse(Read($"/proc/{id}/smaps_rollup", "Pss:"), CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes : 0
        ) / Mebibyte;

    // It detaches itself, and watches the process that started it.
    private static IEnumerable<string> OrchestratorsOf(int appHost) =>
        Directory
            .EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .OfType<string>()
            .Where(id =>
                int.TryParse(id, CultureInfo.InvariantCulture, out _)
                && CommandOf(id) is { } command
                && command.Contains("/dcp ", StringComparison.Ordinal)
                && command.Contains($" --monitor {appHost} ", StringComparison.Ordinal)
            );

    private static bool IsAspires(string id) =>
        CommandOf(id) is { } command
        && (command.Contains("/dcp ", StringComparison.Ordinal) || command.Contains("Aspire.Dashboard", StringComparison.Ordinal));

    // Debian calls the exporters so, too.
    private static bool IsOfMetrics(string id) =>
        CommandOf(id) is { } command && command.Split(' ')[0].Contains("prometheus", StringComparison.Ordinal);

    private static string? CommandOf(string id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile.
            return null;
        }
    }

    private static string? Read(string file, string field)
    {
        try
        {
            return File.ReadLines(file)
                .FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal))
                ?[field.Length..].Replace("kB", "", StringComparison.Ordinal)
                .Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile.
            return null;
        }
    }
}
