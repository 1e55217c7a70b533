namespace Platform.AppHost;

internal static class Scratch
{
    /// <summary>A folder for what a resource must remember over its own restarts; gone when the AppHost ends.</summary>
    public static string CreateScratchDirectory(this IDistributedApplicationBuilder builder, string name) =>
        builder.FileSystemService.TempDirectory.CreateTempSubdirectory(name).Path;
}
