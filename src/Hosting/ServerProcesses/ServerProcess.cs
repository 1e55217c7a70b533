using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Platform.ServerProcesses;

/// <summary>
/// Runs a server of the model as a process under the server's name, so that state, exit code, health, log and the start, stop and restart
/// commands are the server's. All annotations of the server apply to the process too.
/// </summary>
internal class ServerProcess(ContainerResource server, KnownServer known, RunFolder runFolder)
    : ExecutableResource(server.Name, "/bin/sh", Path.Combine(runFolder.Path, server.Name))
{
    // Bounded by the endpoints of the model.
    private readonly Dictionary<int, int> _ports = [];
    private readonly ContainerImageAnnotation _image = server.Annotations.OfType<ContainerImageAnnotation>().Last();
    private readonly ContainerMountAnnotation[] _mounts = [.. server.Annotations.OfType<ContainerMountAnnotation>()];
    private readonly ContainerFileSystemCallbackAnnotation[] _files =
    [
        .. server.Annotations.OfType<ContainerFileSystemCallbackAnnotation>(),
    ];
    private readonly CommandLineArgsCallbackAnnotation[] _arguments = [.. server.Annotations.OfType<CommandLineArgsCallbackAnnotation>()];

    public ContainerResource Server => server;

    public override ResourceAnnotationCollection Annotations => server.Annotations;

    private string ScriptPath => Path.Combine(runFolder.Path, $"{Name}.sh");

    public static ServerProcess Of(ContainerResource server, KnownServer known, RunFolder runFolder) =>
        server is IResourceWithConnectionString connection
            ? new ConnectableServerProcess(server, connection, known, runFolder)
            : new ServerProcess(server, known, runFolder);

    /// <summary>Drops what only a container can use, and maps endpoints to local ports.</summary>
    public void TakeOver(bool randomizePorts)
    {
#pragma warning disable ASPIRECERTIFICATES001 // Experimental; it would pass the container's certificates to the process.
        foreach (
            var annotation in Annotations
                .Where(annotation =>
                    annotation
                        is ContainerImageAnnotation
                            or ContainerMountAnnotation
                            or ContainerFileSystemCallbackAnnotation
                            or CommandLineArgsCallbackAnnotation
                            or CertificateTrustConfigurationCallbackAnnotation
                            or HttpsCertificateConfigurationCallbackAnnotation
                )
                .ToArray()
        )
        {
            Annotations.Remove(annotation);
        }
#pragma warning restore ASPIRECERTIFICATES001

        foreach (var endpoint in Annotations.OfType<EndpointAnnotation>())
        {
            var port = endpoint.Port is { } wanted && !randomizePorts ? wanted : FreePort.Next();
            _ports[endpoint.TargetPort ?? port] = port;
            (endpoint.Port, endpoint.TargetPort, endpoint.IsProxied) = (port, port, false);
        }

        // No secrets on the command line: they are in files that only the server's user can read.
        Annotations.Add(new CommandLineArgsCallbackAnnotation(arguments => arguments.Add(ScriptPath)));

        // The shell starts here; the server's own folder is created later.
        Directory.CreateDirectory(WorkingDirectory);
    }

    /// <summary>Installs the server if it is missing and writes its files.</summary>
    /// <exception cref="ServerUnavailableException">The server cannot run here; the message says how to fix it.</exception>
    public async Task PrepareAsync(
        ServerInstaller installer,
        DistributedApplicationExecutionContext execution,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        RefuseTakenPorts();
        var program = await installer.EnsureAsync(known, Name, logger, cancellationToken);
        logger.LogRuns($"{_image.Image}:{_image.Tag}", await known.VersionAsync(program, cancellationToken), program);

        var environment = new EnvironmentCallbackContext(execution, this, cancellationToken: cancellationToken) { Logger = logger };
        foreach (var annotation in Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
        {
            await annotation.Callback(environment);
        }

        var arguments = new CommandLineArgsCallbackContext([], this, cancellationToken) { ExecutionContext = execution, Logger = logger };
        foreach (var annotation in _arguments)
        {
            await annotation.Callback(arguments);
        }

        var settings = new ServerSettings
        {
            Program = program,
            Folder = WorkingDirectory,
            Tag = _image.Tag ?? "",
            Ports = _ports,
            Mounts = _mounts,
            ContainerFiles = await ContainerFilesAsync(execution.Services, cancellationToken),
            Environment = await ResolveAsync(environment.EnvironmentVariables, cancellationToken),
            Arguments =
            [
                .. (
                    await ResolveAsync(
                        arguments.Args.Index().ToDictionary(argument => $"{argument.Index:D4}", argument => argument.Item),
                        cancellationToken
                    )
                )
                    .OrderBy(argument => argument.Key, StringComparer.Ordinal)
                    .Select(argument => argument.Value),
            ],
        };
        var plan = known.Plan(settings).With(settings.FilesInUse(), settings.Folder);

        // An argument that had to be resolved may be a secret.
        foreach (
            var ignored in plan
                .IgnoredArguments.Select(argument =>
                    arguments.Args.Contains(argument) ? $"the argument '{argument}'" : "an argument that is a reference"
                )
                .Concat(settings.NotInUse())
        )
        {
            logger.LogNotUsed(ignored);
        }

        await WriteAsync(plan, settings, cancellationToken);
    }

    private async Task WriteAsync(ServerPlan plan, ServerSettings settings, CancellationToken cancellationToken)
    {
        var user = UserAccount.First(known.Accounts);
        try
        {
            plan.Write(user, ScriptPath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ServerUnavailableException($"'{Name}' cannot be prepared: {exception.Message}");
        }

        // The run folder too: TMPDIR may be private.
        foreach (var folder in user is null ? [] : settings.MountsInUse().Prepend(WorkingDirectory))
        {
            await Volumes.RequirePassageAsync(folder, user!, cancellationToken);
        }
    }

    private void RefuseTakenPorts()
    {
        foreach (var port in _ports.Values)
        {
            if (PortOwner.Of(port) is { } owner)
            {
                throw new ServerUnavailableException(
                    $"'{Name}' cannot listen on port {port}: {owner} has it. End it, or start with " + "--DcpPublisher:RandomizePorts=true."
                );
            }
        }
    }

    private async Task<Dictionary<string, string>> ContainerFilesAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, string>();
        foreach (var annotation in _files)
        {
            await AddAsync(
                annotation.DestinationPath.TrimEnd('/'),
                await annotation.Callback(new() { Services = services, Model = this }, cancellationToken)
            );
        }

        return files;

        async Task AddAsync(string folder, IEnumerable<ContainerFileSystemItem> items)
        {
            foreach (var item in items)
            {
                var path = $"{folder}/{item.Name}";
                switch (item)
                {
                    case ContainerDirectory directory:
                        await AddAsync(path, directory.Entries);
                        break;
                    case ContainerFileBase file:
                        files[path] = file.Contents ?? await File.ReadAllTextAsync(file.SourcePath!, cancellationToken);
                        break;
                }
            }
        }
    }

    private static async Task<Dictionary<string, string>> ResolveAsync(
        Dictionary<string, object> values,
        CancellationToken cancellationToken
    )
    {
        var resolved = new Dictionary<string, string>();
        foreach (var (name, value) in values)
        {
            resolved[name] = (value is IValueProvider provider ? await provider.GetValueAsync(cancellationToken) : value.ToString()) ?? "";
        }

        return resolved;
    }
}

/// <summary>A server whose integration provides a connection string.</summary>
internal sealed class ConnectableServerProcess(
    ContainerResource server,
    IResourceWithConnectionString connection,
    KnownServer known,
    RunFolder runFolder
) : ServerProcess(server, known, runFolder), IResourceWithConnectionString
{
    public ReferenceExpression ConnectionStringExpression => connection.ConnectionStringExpression;

    string? IResourceWithConnectionString.ConnectionStringEnvironmentVariable => connection.ConnectionStringEnvironmentVariable;

    public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) =>
        connection.GetConnectionStringAsync(cancellationToken);

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
        connection.GetConnectionProperties();
}
