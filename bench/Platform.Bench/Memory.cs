using System.Globalization;

namespace Platform.Bench;

/// <summary>Of everything that this process started, servers and their helpers included. Linux only.</summary>
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

        var parents = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).OfType<string>()
            .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
            .Select(id => (Id: id, Parent: Read($"/proc/{id}/status", "PPid:")))
            .ToLookup(process => process.Parent, process => process.Id);
        var ours = new List<string>();
        var open = new Stack<string>([Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]);

        while (open.TryPop(out var id))
        {
            foreach (var child in parents[id])
            {
                ours.Add(child);
                open.Push(child);
            }
        }

        var total = ours.Sum(id => double.TryParse(Read($"/proc/{id}/smaps_rollup", "Pss:"), CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes : 0) / Mebibyte;
        report.Add("platform idle, proportional set", $"{total:N0} MiB in {ours.Count} processes", $"{GoalMebibytes:N0} MiB", total < GoalMebibytes);
    }

    private static string? Read(string file, string field)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal))?[field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile.
            return null;
        }
    }
}
