using System.Globalization;
using System.Text;

namespace Platform.Faults.Processes;

internal static class ProcessTree
{
    /// <summary>The environment of the process, or the first one below it, that has the variable.</summary>
    /// <exception cref="FaultException">There is none, or it is another user's.</exception>
    public static IReadOnlyDictionary<string, string> EnvironmentBelow(int processId, string variable)
    {
        var below = new HashSet<int> { processId };

        // A child's id is mostly, but not always, larger than its parent's: rounds, until one finds nothing new.
        for (var before = 0; before < below.Count; )
        {
            before = below.Count;
            foreach (var (id, parent) in All())
            {
                if (below.Contains(parent))
                {
                    below.Add(id);
                }
            }
        }

        return below.Order().Select(EnvironmentOf).FirstOrDefault(environment => environment.ContainsKey(variable))
            ?? throw new FaultException($"No process of {processId} has {variable}.");
    }

    private static IEnumerable<(int Id, int Parent)> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Read(folder, "stat") is { } stat)
            {
                yield return (id, int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture));
            }
        }
    }

    private static Dictionary<string, string> EnvironmentOf(int processId) =>
        (Read($"/proc/{processId}", "environ") ?? "")
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split('=', 2))
            .Where(entry => entry.Length == 2)
            .DistinctBy(entry => entry[0])
            .ToDictionary(entry => entry[0], entry => entry[1]);

    // Null for what ended meanwhile, or is another user's.
    private static string? Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file), Encoding.UTF8);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
