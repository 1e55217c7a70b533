using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>A program that is started by path.</summary>
    public class ExecutableResource(string name, string command, string workingDirectory)
        : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IResourceWithProbes, IComputeResource
    {
        public string Command { get; private set; } = command;

        public string WorkingDirectory { get; private set; } = workingDirectory;

        internal void SetCommand(string value) => Command = value;

        internal void SetWorkingDirectory(string value) => WorkingDirectory = value;
    }
}

namespace Aspire.Hosting
{
    public static class ExecutableResourceBuilderExtensions
    {
        public static IResourceBuilder<ExecutableResource> AddExecutable(
            this IDistributedApplicationBuilder builder, [ResourceName] string name, string command, string workingDirectory, params string[]? args) =>
            builder.AddExecutable(name, command, workingDirectory, (object[]?)args);

        public static IResourceBuilder<ExecutableResource> AddExecutable(
            this IDistributedApplicationBuilder builder, [ResourceName] string name, string command, string workingDirectory, params object[]? args)
        {
            // "../tool" is relative to the working folder, which is relative to the AppHost; "tool" is looked up in PATH.
            workingDirectory = Path.GetFullPath(workingDirectory, builder.AppHostDirectory);
            var resource = builder.AddResource(new ExecutableResource(name, command, workingDirectory));
            return args is { Length: > 0 } ? resource.WithArgs(args) : resource;
        }

        public static IResourceBuilder<T> WithCommand<T>(this IResourceBuilder<T> builder, string command) where T : ExecutableResource
        {
            builder.Resource.SetCommand(command);
            return builder;
        }

        public static IResourceBuilder<T> WithWorkingDirectory<T>(this IResourceBuilder<T> builder, string workingDirectory) where T : ExecutableResource
        {
            builder.Resource.SetWorkingDirectory(Path.GetFullPath(workingDirectory, builder.ApplicationBuilder.AppHostDirectory));
            return builder;
        }
    }
}
