using Platform.ServerProcesses;

namespace Platform.Hosting.Tests;

/// <summary>What counts as a server that is installed.</summary>
public sealed class ProgramsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("programs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Newest_OfVersions_IsTheLatestThatHasTheProgram()
    {
        Write("9/bin/server");
        Write("15/bin/server");
        Directory.CreateDirectory(Path.Combine(_folder, "16/bin"));

        Assert.Equal(Path.Combine(_folder, "15/bin/server"), Programs.FindNewest(_folder, "", "bin/server"));
    }

    [Fact]
    public void Newest_WhoseLinkLeadsNowhere_IsNotInstalled()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "15/bin"));
        File.CreateSymbolicLink(Path.Combine(_folder, "15/bin/server"), Path.Combine(_folder, "uninstalled"));

        Assert.Null(Programs.FindNewest(_folder, "", "bin/server"));
    }

    private void Write(string path)
    {
        var file = new FileInfo(Path.Combine(_folder, path));
        file.Directory!.Create();
        File.WriteAllText(file.FullName, "#!/bin/sh\n");
        file.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserExecute;
    }
}
