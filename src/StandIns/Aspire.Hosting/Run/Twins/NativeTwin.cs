using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Resolve;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Run.Twins;

/// <summary>Runs what a container image holds as a plain process of this machine. One class per image.</summary>
internal abstract class NativeTwin
{
    public static readonly IReadOnlyList<NativeTwin> All = [new PostgresTwin(), new RedisTwin(), new RabbitMqTwin()];

    /// <summary>The image without registry and tag.</summary>
    public abstract string Image { get; }

    /// <summary>What installs the server on Debian and Ubuntu.</summary>
    public abstract string Package { get; }

    /// <summary>The server's program, or null when it is not installed.</summary>
    public abstract string? Find();

    public abstract Task<ProcessSpec> PrepareAsync(TwinContext context, CancellationToken cancellationToken);

    public virtual Task<string> DescribeAsync(string server, TwinContext context, CancellationToken cancellationToken) =>
        Tool.VersionAsync(server, context.RunFolder, cancellationToken);

    public static NativeTwin? For(ContainerImageAnnotation image) => All.FirstOrDefault(twin =>
        image.Image == twin.Image || image.Image.EndsWith("/" + twin.Image, StringComparison.Ordinal));
}

/// <summary>What a twin needs to know of the container it stands for.</summary>
internal sealed class TwinContext(ContainerResource resource, ResolvedConfiguration configuration, string server, string runFolder, string folder, ILogger logger)
{
    public string Name => resource.Name;

    public string Server => server;

    public string RunFolder => runFolder;

    /// <summary>A folder of this instance below the run's folder.</summary>
    public string Folder => folder;

    public ILogger Logger => logger;

    public string Tag => resource.TryGetLastAnnotation<ContainerImageAnnotation>(out var image) ? image.Tag ?? "" : "";

    public IReadOnlyDictionary<string, string> Environment => configuration.Environment;

    public IReadOnlyList<string> Arguments => configuration.Arguments;

    /// <summary>The public port of the endpoint that would be this port inside the container.</summary>
    public int? Port(int containerPort) => resource.Annotations.OfType<EndpointAnnotation>()
        .FirstOrDefault(e => e.TargetPort == containerPort)?.AllocatedEndpoint?.Port;

    public int RequiredPort(int containerPort) => Port(containerPort)
        ?? throw new DistributedApplicationException(string.Create(CultureInfo.InvariantCulture, $"'{resource.Name}' has no endpoint with target port {containerPort}."));

    /// <summary>Where the data lives, and whether it outlives the run: a volume or bind mount on one of the container's folders does.</summary>
    public (string Folder, bool Kept) Data(params ReadOnlySpan<string> containerFolders)
    {
        foreach (var mount in resource.Annotations.OfType<ContainerMountAnnotation>())
        {
            if (containerFolders.Contains(mount.Target))
            {
                return (Mounts.HostPath(mount), true);
            }
        }

        return (Path.Combine(folder, "data"), false);
    }

    /// <summary>Makes a folder that belongs to the server's user and is closed to others.</summary>
    public static void CreateFolder(string path, UserAccount? owner)
    {
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (owner is not null)
        {
            Native.ChangeOwner(path, owner);
        }
    }

    /// <summary>Writes a file that only the server's user can read: passwords stand in such files and never on a command line.</summary>
    public static void WriteSecretFile(string path, string contents, UserAccount? owner, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.Delete(path);
        using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        using (var writer = new StreamWriter(file))
        {
            writer.Write(contents);
        }

        if (owner is not null)
        {
            Native.ChangeOwner(path, owner);
        }
    }
}

internal static class Mounts
{
    /// <summary>A bind mount is the folder itself; a volume is a stable folder of this user.</summary>
    public static string HostPath(ContainerMountAnnotation mount)
    {
        if (mount.Type == ContainerMountType.BindMount)
        {
            return mount.Source!;
        }

        var home = Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data
            ? data
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share");
        return Path.Combine(home, "platform-volumes", mount.Source ?? throw new DistributedApplicationException($"The volume at '{mount.Target}' needs a name."));
    }

    /// <summary>A home folder is closed to other users; a server only has to pass through to its own folder.</summary>
    public static void LetPass(string folder, UserAccount? user)
    {
        Directory.CreateDirectory(folder);
        for (var current = folder; user is not null && current is not null && current != "/"; current = Path.GetDirectoryName(current))
        {
            var mode = File.GetUnixFileMode(current);
            if (!mode.HasFlag(UnixFileMode.OtherExecute))
            {
                File.SetUnixFileMode(current, mode | UnixFileMode.OtherExecute);
            }
        }
    }
}
