using System.ComponentModel;
using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;

namespace Platform.ServerProcesses;

/// <summary>An image whose server can also run as a local process. One class per server.</summary>
internal abstract class KnownServer
{
    public static readonly IReadOnlyList<KnownServer> All =
    [
        new PostgresServer(),
        new RedisServer(),
        new RabbitMqServer(),
        .. PrometheusFamilyServer.Family,
    ];

    private static readonly TimeSpan VersionTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The image without registry and tag, as the integration names it.</summary>
    protected abstract string Image { get; }

    /// <summary>The Debian and Ubuntu packages.</summary>
    public abstract string Package { get; }

    /// <summary>Candidate users for the server, best first, when the AppHost runs as root.</summary>
    public abstract IReadOnlyList<string> Accounts { get; }

    /// <summary>The server's executable, or null when it is not installed.</summary>
    public abstract string? Find();

    /// <summary>Files, folders and the script that runs the server. Nothing is written yet.</summary>
    public abstract ServerPlan Plan(ServerSettings settings);

    /// <summary>The server's version, for the log only.</summary>
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

/// <summary>The resolved model of one server.</summary>
internal sealed record ServerSettings
{
    public required string Program { get; init; }

    /// <summary>The server's folder in this run.</summary>
    public required string Folder { get; init; }

    /// <summary>Image tag; its suffix may ask for plugins.</summary>
    public string Tag { get; init; } = "";

    /// <summary>Local port of each container port.</summary>
    public required IReadOnlyDictionary<int, int> Ports { get; init; }

    public IReadOnlyList<ContainerMountAnnotation> Mounts { get; init; } = [];

    /// <summary>Contents of the container's files, by their paths in the container.</summary>
    public IReadOnlyDictionary<string, string> ContainerFiles { get; init; } = new Dictionary<string, string>();

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    // What the server used. Bounded by the model.
    private HashSet<ContainerMountAnnotation> UsedMounts { get; } = [];

    private HashSet<string> UsedFiles { get; } = [];

    public int Port(int containerPort) =>
        Ports.TryGetValue(containerPort, out var port)
            ? port
            : throw new ServerUnavailableException($"There is no endpoint with the target port {containerPort}.");

    /// <summary>The data folder, and whether it outlives the run, as a volume or bind mount does.</summary>
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
    /// Local path of a file or folder of the container, from a mount or the model's container files; null when the model has none.
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

    /// <summary>Mounts within a folder of the container, with their local paths.</summary>
    public IReadOnlyList<(string Target, string Path)> MountsBelow(string containerFolder)
    {
        var below = Mounts.Where(mount => mount.Target.StartsWith($"{containerFolder}/", StringComparison.Ordinal)).ToList();
        UsedMounts.UnionWith(below);
        return [.. below.Select(mount => (mount.Target, Volumes.PathOf(mount)))];
    }

    /// <summary>The container files that the server reads, with their local paths.</summary>
    public IEnumerable<KeyValuePair<string, string>> FilesInUse() =>
        ContainerFiles.Where(file => UsedFiles.Contains(file.Key)).Select(file => KeyValuePair.Create(PathOfFile(file.Key), file.Value));

    public IEnumerable<string> MountsInUse() => UsedMounts.Select(Volumes.PathOf);

    /// <summary>Parts of the container's model that the server did not use.</summary>
    public IEnumerable<string> NotInUse() =>
        [
            .. Mounts.Where(mount => !UsedMounts.Contains(mount)).Select(mount => $"the mount of '{mount.Source}' at {mount.Target}"),
            .. ContainerFiles.Keys.Where(file => !UsedFiles.Contains(file)).Select(file => $"the file {file}"),
        ];

    private string PathOfFile(string containerPath) => Path.Join(Folder, "container", containerPath).TrimEnd('/');
}
