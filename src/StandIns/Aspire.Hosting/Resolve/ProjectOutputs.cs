using System.Reflection;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Resolve;

/// <summary>Where the build put each project. Sdk.targets writes it into the AppHost as assembly metadata: key "projectoutput:path of the csproj".</summary>
internal sealed class ProjectOutputs(Assembly? appHost)
{
    public const string Prefix = "projectoutput:";

    private readonly Dictionary<string, string> _outputs = (appHost?.GetCustomAttributes<AssemblyMetadataAttribute>() ?? [])
        .Where(m => m.Key.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(m => m.Key[Prefix.Length..], m => m.Value ?? "");

    public string Find(ProjectResource project)
    {
        var path = project.GetProjectMetadata().ProjectPath;
        return !_outputs.TryGetValue(path, out var assembly)
            ? throw new DistributedApplicationException($"The AppHost does not know the build output of '{path}'. Add a ProjectReference to it and build the AppHost.")
            : !File.Exists(assembly)
                ? throw new DistributedApplicationException($"'{assembly}' is missing. Build the AppHost, which builds every project it references.")
                : assembly;
    }
}
