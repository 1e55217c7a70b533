using System.ComponentModel;
using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;

namespace Platform.ServerProcesses;

/// <summary>An image whose server can also run as a process of this machine. One class a server.</summary>
internal abstract class KnownServer
{
    public static readonly IReadOnlyList<KnownServer> All = [new PostgresServer(), new RedisServer(), new RabbitMqServer()];

    private static readonly TimeSpan VersionTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The image without registry and tag, as the integration names it.</summary>
    protected abstract string Image { get; }

    /// <summary>What installs the server on Debian and Ubuntu.</summary>
    public abstract string Package { get; }

    /// <summary>Users of this machine that the server may run as, best first, where the AppHost is root.</summary>
    public abstract IReadOnlyList<string> Accounts { get; }

    /// <summary>The server's program, or null when it is not installed.</summary>
    public abstract string? Find();

    /// <summary>Files, folders and the script that runs the server. Nothing is written yet.</summary>
    public abstract ServerPlan Plan(ServerSettings settings);

    /// <summary>What the server says of its version; it is only for the log.</summary>
    public virtual async Task<string> VersionAsync(string program, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(VersionTimeout);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["--version"]) { RedirectStandardOutput = true })!;
            try
            {
                var said = await process.StandardOutput.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token);
                return said.Split('\n')[0].Trim();
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or IOException or Win32Exception && !cancellationToken.IsCancellationRequested)
        {
            return $"an unknown version, because --version failed: {exception.Message}";
        }
    }

    public static KnownServer? Of(ContainerResource resource, IReadOnlyList<KnownServer> known) =>
        resource.TryGetLastAnnotation<ContainerImageAnnotation>(out var image)
            ? known.FirstOrDefault(server => image.Image == server.Image || image.Image == $"library/{server.Image}")
            : null;
}

/// <summary>What the model says about one server, resolved.</summary>
internal sealed record ServerSettings
{
    public required string Program { get; init; }

    /// <summary>The server's own folder of this run.</summary>
    public required string Folder { get; init; }

    /// <summary>Of the image: its suffix may ask for plugins.</summary>
    public string Tag { get; init; } = "";

    /// <summary>The port on this machine for each port that the container would have.</summary>
    public required IReadOnlyDictionary<int, int> Ports { get; init; }

    public IReadOnlyList<ContainerMountAnnotation> Mounts { get; init; } = [];

    /// <summary>Contents of the files that the model puts into the container, by their paths there.</summary>
    public IReadOnlyDictionary<string, string> ContainerFiles { get; init; } = new Dictionary<string, string>();

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    // What the server asked for. Bounded by the model.
    private HashSet<ContainerMountAnnotation> UsedMounts { get; } = [];

    private HashSet<string> UsedFiles { get; } = [];

    public int Port(int containerPort) =>
        Ports.TryGetValue(containerPort, out var port)
            ? port
            : throw new ServerUnavailableException($"There is no endpoint with the target port {containerPort}.");

    /// <summary>
    /// Where the data is, and whether it outlives the run: a volume or bind mount on one of the container's folders does.
    /// </summary>
    public (string Folder, bool IsKept) Data(params ReadOnlySpan<string> containerFolders)
    {
        foreach (var mount in Mounts)
        {
            if (containerFolders.Contains(mount.Target.TrimEnd('/')))
            {
                UsedMounts.Add(mount);
                return (Volumes.PathOf(mount), true);
            }
        }

        return (Path.Combine(Folder, "data"), false);
    }

    /// <summary>
    /// Where a file or folder of the container is here, to be read: on a mount, or among the files that the model puts into the container;
    /// null where the model says nothing of it.
    /// </summary>
    public string? PathOf(string containerPath)
    {
        foreach (var mount in Mounts.Where(mount => IsWithin(containerPath, mount.Target)))
        {
            UsedMounts.Add(mount);
            return Path.Join(Volumes.PathOf(mount), containerPath[mount.Target.TrimEnd('/').Length..]).TrimEnd('/');
        }

        var files = ContainerFiles.Keys.Where(file => IsWithin(file, containerPath)).ToList();
        UsedFiles.UnionWith(files);
        return files.Count == 0 ? null : PathOfFile(containerPath);

        static bool IsWithin(string path, string folder) =>
            path.TrimEnd('/') == folder.TrimEnd('/') || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
    }

    /// <summary>The files of the container that the server reads, with their paths here.</summary>
    public IEnumerable<KeyValuePair<string, string>> FilesInUse() =>
        ContainerFiles.Where(file => UsedFiles.Contains(file.Key)).Select(file => KeyValuePair.Create(PathOfFile(file.Key), file.Value));

    public IEnumerable<string> MountsInUse() => UsedMounts.Select(Volumes.PathOf);

    /// <summary>What the model gives to the container and the server did not ask for.</summary>
    public IEnumerable<string> NotInUse() =>
        [
            .. Mounts.Where(mount => !UsedMounts.Contains(mount)).Select(mount => $"the mount of '{mount.Source}' at {mount.Target}"),
            .. ContainerFiles.Keys.Where(file => !UsedFiles.Contains(file)).Select(file => $"the file {file}"),
        ];

    private string PathOfFile(string containerPath) => Path.Join(Folder, "container", containerPath).TrimEnd('/');
}
