namespace Aspire.Hosting.Tests.Support;

/// <summary>A project on disk for one test.</summary>
internal sealed class ProjectFolder : IDisposable
{
    // AddProject makes the metadata itself, so the path cannot be handed to it.
    private static readonly AsyncLocal<string?> Current = new();

    private readonly string _path = Directory.CreateTempSubdirectory("project-").FullName;

    public ProjectFolder(string? launchSettings = null, string? appSettings = null)
    {
        File.WriteAllText(ProjectPath, "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />");
        if (launchSettings is not null)
        {
            Directory.CreateDirectory(Path.Combine(_path, "Properties"));
            File.WriteAllText(Path.Combine(_path, "Properties", "launchSettings.json"), launchSettings);
        }

        Write("appsettings.json", appSettings ?? "{}");
        Current.Value = ProjectPath;
    }

    public string ProjectPath => Path.Combine(_path, "Orders.csproj");

    public void Write(string file, string contents) => File.WriteAllText(Path.Combine(_path, file), contents);

    public void Dispose() => Directory.Delete(_path, recursive: true);

    internal sealed class Metadata : IProjectMetadata
    {
        public string ProjectPath { get; } = Current.Value!;
    }
}
