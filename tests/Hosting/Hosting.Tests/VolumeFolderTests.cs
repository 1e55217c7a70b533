using Aspire.Hosting.ApplicationModel;
using Platform.ServerProcesses;

namespace Platform.Hosting.Tests;

/// <summary>Folders of volumes and bind mounts: ours are closed, and no other one is changed.</summary>
public sealed class VolumeFolderTests : IDisposable
{
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passage = Closed | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly UserAccount Nobody = new("nobody", 65534, 65534);

    // Closed to other users, as a home folder is.
    private readonly string _home = Directory.CreateTempSubdirectory("volume-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void Create_BelowAFolderThatIsThere_LeavesItAsItIs()
    {
        Volumes.Create(Path.Combine(_home, "server-processes", "data"));

        Assert.Equal(Closed, File.GetUnixFileMode(_home));
        Assert.Equal(Passage, File.GetUnixFileMode(Path.Combine(_home, "server-processes")));
        Assert.Equal(Closed, File.GetUnixFileMode(Path.Combine(_home, "server-processes", "data")));
    }

    [Fact]
    public void Path_OfABindMountThatIsALink_IsWhereItLeads()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_home, "data")).FullName;
        var link = Directory.CreateSymbolicLink(Path.Combine(_home, "link"), folder).FullName;

        Assert.Equal(folder, Volumes.PathOf(new ContainerMountAnnotation(link + "/", "/data", ContainerMountType.BindMount, false)));
    }

    [Fact]
    public async Task Passage_ThroughAClosedFolder_IsAnErrorThatNamesIt()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root runs servers as somebody else.");
        var data = Path.Combine(_home, "project", "data");
        Directory.CreateDirectory(data);

        var exception = await Assert.ThrowsAsync<ServerUnavailableException>(() =>
            Volumes.RequirePassageAsync(data, Nobody, TestContext.Current.CancellationToken)
        );

        Assert.Equal(
            $"The server runs as the user nobody, to whom {_home} on the way to {data} is closed. Open it to pass (chmod o+x '{_home}'), "
                + "or use another (for the temporary folder: TMPDIR).",
            exception.ToString()
        );

        File.SetUnixFileMode(_home, Passage);
        await Volumes.RequirePassageAsync(data, Nobody, TestContext.Current.CancellationToken);
    }
}
