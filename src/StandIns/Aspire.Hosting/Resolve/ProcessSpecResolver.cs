using System.Collections;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Resolve;

internal sealed record ResolvedConfiguration(Dictionary<string, string> Environment, List<string> Arguments);

/// <summary>Turns a resource and its annotations into the process to start.</summary>
internal sealed class ProcessSpecResolver(DistributedApplicationExecutionContext executionContext, ProjectOutputs outputs)
{
    // The AppHost's own launch profile is not its services': each says in its profile what environment it is in.
    public static readonly IReadOnlyList<string> ScrubbedVariables =
        ["ASPNETCORE_URLS", "DOTNET_LAUNCH_PROFILE", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPIRE_LOGLEVEL"];

    public async Task<ProcessSpec> ResolveAsync(IResource resource, InstanceAnnotation? instance, ILogger logger, CancellationToken cancellationToken)
    {
        var configuration = await ConfigureAsync(resource, instance, logger, cancellationToken).ConfigureAwait(false);
        var environment = Inherited();
        foreach (var (key, value) in configuration.Environment)
        {
            environment[key] = value;
        }

        return resource switch
        {
            ProjectResource project => new ProcessSpec
            {
                Executable = DotnetHost.Path,
                Arguments = ["exec", outputs.Find(project), .. configuration.Arguments],
                WorkingDirectory = Path.GetDirectoryName(project.GetProjectMetadata().ProjectPath)!,
                Environment = environment,
                ModelEnvironment = configuration.Environment,
            },
            ExecutableResource executable => new ProcessSpec
            {
                Executable = ExecutableSearch.Find(executable.Command, executable.WorkingDirectory)
                    ?? throw new DistributedApplicationException($"The command '{executable.Command}' of resource '{resource.Name}' was not found."),
                Arguments = configuration.Arguments,
                WorkingDirectory = Directory.Exists(executable.WorkingDirectory)
                    ? executable.WorkingDirectory
                    : throw new DistributedApplicationException($"The working directory '{executable.WorkingDirectory}' of resource '{resource.Name}' does not exist."),
                Environment = environment,
                ModelEnvironment = configuration.Environment,
            },
            _ => throw new InvalidOperationException($"Resource '{resource.Name}' is not a process."),
        };
    }

    /// <summary>Runs the callbacks in the order they were added and asks every value for its text.</summary>
    public async Task<ResolvedConfiguration> ConfigureAsync(IResource resource, InstanceAnnotation? instance, ILogger logger, CancellationToken cancellationToken)
    {
        var context = new EnvironmentCallbackContext(executionContext, resource, cancellationToken: cancellationToken) { Logger = logger, Instance = instance };
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
        {
            await annotation.Callback(context).ConfigureAwait(false);
        }

        if (resource is ProjectResource project)
        {
            ProjectEnvironment.AddListenAddresses(project, instance, context.EnvironmentVariables);
        }

        var arguments = new CommandLineArgsCallbackContext([], resource, cancellationToken) { ExecutionContext = executionContext, Logger = logger };
        foreach (var annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>().ToArray())
        {
            await annotation.Callback(arguments).ConfigureAwait(false);
        }

        var resolved = new ResolvedConfiguration([], []);
        var values = new ValueProviderContext { ExecutionContext = executionContext, Caller = resource, Instance = instance };
        foreach (var (key, value) in context.EnvironmentVariables)
        {
            if (await TextAsync(value, values, cancellationToken).ConfigureAwait(false) is { } text)
            {
                resolved.Environment[key] = text;
            }
        }

        foreach (var argument in arguments.Args)
        {
            if (await TextAsync(argument, values, cancellationToken).ConfigureAwait(false) is { } text)
            {
                resolved.Arguments.Add(text);
            }
        }

        return resolved;
    }

    private static Dictionary<string, string> Inherited() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(v => !ScrubbedVariables.Contains((string)v.Key))
        .ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? "");

    private static async ValueTask<string?> TextAsync(object? value, ValueProviderContext context, CancellationToken cancellationToken) => value switch
    {
        null => null,
        string text => text,
        IResourceBuilder<IResource> { Resource: IValueProvider provider } => await provider.GetValueAsync(context, cancellationToken).ConfigureAwait(false),
        IValueProvider provider => await provider.GetValueAsync(context, cancellationToken).ConfigureAwait(false),
        bool or IFormattable => Convert.ToString(value, CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException($"A value of type '{value.GetType()}' cannot be an environment variable or argument."),
    };
}
