using System.Text.RegularExpressions;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Platform.Prometheus;

/// <summary>A folder of configuration as container files, so that container and process read the same.</summary>
internal static partial class ConfigurationFiles
{
    /// <exception cref="DistributedApplicationException">The folder does not exist; the message names it.</exception>
    public static IEnumerable<ContainerFileSystemItem> Read(string folder, Func<string, string> change)
    {
        return Directory.Exists(folder)
            ? ReadFolder(folder)
            : throw new DistributedApplicationException($"The folder of configuration {folder} does not exist.");

        IEnumerable<ContainerFileSystemItem> ReadFolder(string path) =>
            [
                .. Directory
                    .EnumerateDirectories(path)
                    .Order(StringComparer.Ordinal)
                    .Select(child => new ContainerDirectory { Name = Path.GetFileName(child), Entries = ReadFolder(child) }),
                .. Directory
                    .EnumerateFiles(path, "*.yml")
                    .Concat(Directory.EnumerateFiles(path, "*.tmpl"))
                    .Order(StringComparer.Ordinal)
                    .Select(file => new ContainerFile { Name = Path.GetFileName(file), Contents = change(File.ReadAllText(file)) }),
            ];
    }

    /// <summary>Sets scrape_interval and evaluation_interval of prometheus.yml.</summary>
    public static string WithInterval(string text, TimeSpan interval) =>
        Intervals().Replace(text, match => $"{match.Groups[1].Value}{(int)interval.TotalMilliseconds}ms");

    /// <summary>Sets how long conditions of alerts must hold: for.</summary>
    public static string WithFor(string text, TimeSpan hold) =>
        Fors().Replace(text, match => $"{match.Groups[1].Value}{(int)hold.TotalMilliseconds}ms");

    /// <summary>Sets group_wait and group_interval of alertmanager.yml.</summary>
    public static string WithGroupWait(string text, TimeSpan wait) =>
        GroupWaits().Replace(text, match => $"{match.Groups[1].Value}{(int)wait.TotalMilliseconds}ms");

    /// <summary>Takes the lines that begin with #name and a blank; a configuration file has no optional parts of its own.</summary>
    public static string WithSection(string text, string name) =>
        Regex.Replace(text, $"^(\\s*)#{Regex.Escape(name)} ", "$1", RegexOptions.Multiline | RegexOptions.CultureInvariant);

    [GeneratedRegex("^(\\s*for:\\s*)\\S+", RegexOptions.Multiline)]
    private static partial Regex Fors();

    [GeneratedRegex("^(\\s*group_(?:wait|interval):\\s*)\\S+", RegexOptions.Multiline)]
    private static partial Regex GroupWaits();

    [GeneratedRegex("^(\\s*(?:scrape|evaluation)_interval:\\s*)\\S+", RegexOptions.Multiline)]
    private static partial Regex Intervals();
}
