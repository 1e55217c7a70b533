namespace Platform;

/// <summary>The repository in which the tests were built.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Platform.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Platform.sln is in no folder above the tests.");
        }

        return folder;
    }
}
