using System.Globalization;

namespace Platform.Observatory.History;

/// <summary>The files of a log: numbered, so that their names sort by age.</summary>
internal static class Segments
{
    private const string Extension = ".obslog";

    /// <summary>Oldest first.</summary>
    public static List<FileInfo> In(string directory) =>
        [
            .. new DirectoryInfo(directory)
                .GetFiles("*" + Extension)
                .Where(file => NumberOf(file) is not null)
                .OrderBy(file => file.Name, StringComparer.Ordinal),
        ];

    public static string PathOf(string directory, long number) =>
        Path.Combine(directory, number.ToString("D12", CultureInfo.InvariantCulture) + Extension);

    public static long? NumberOf(FileInfo file) =>
        long.TryParse(Path.GetFileNameWithoutExtension(file.Name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
