using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class BuiltProjectsExtensions
{
    private const string MetadataPrefix = "projectoutput:";

    /// <summary>
    /// Starts each project as its built executable instead of <c>dotnet run</c>, which costs some 120 MiB per instance. No effect under a
    /// debugger or <c>dotnet watch</c>, which start projects their own way, or when the executable is missing. The AppHost's project file
    /// imports BuiltProjects.targets, which records the output paths.
    /// </summary>
    public static IDistributedApplicationBuilder AddBuiltProjects(this IDistributedApplicationBuilder builder)
    {
        if (
            builder.ExecutionContext.IsPublishMode
            || Debugger.IsAttached
            || builder.Configuration["DEBUG_SESSION_PORT"] is { Length: > 0 }
            || builder.Configuration["DOTNET_WATCH"] is "1" or "true"
        )
        {
            return builder;
        }

        var outputs = (builder.AppHostAssembly?.GetCustomAttributes<AssemblyMetadataAttribute>() ?? [])
            .Where(metadata => metadata.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal))
            .ToDictionary(
                metadata => metadata.Key[MetadataPrefix.Length..],
                metadata => Path.ChangeExtension(metadata.Value!, OperatingSystem.IsWindows() ? ".exe" : null)
            );
        builder.Eventing.Subscribe<BeforeStartEvent>(
            (start, _) =>
            {
                foreach (
                    var project in start
                        .Model.Resources.OfType<ProjectResource>()
                        .Where(project => !project.HasAnnotationOfType<ExecutableAnnotation>())
                )
                {
                    var path = project.GetProjectMetadata().ProjectPath;
                    if (outputs.TryGetValue(path, out var program) && File.Exists(program))
                    {
                        project.Annotations.Add(
                            new ExecutableAnnotation { Command = program, WorkingDirectory = Path.GetDirectoryName(path)! }
                        );

                        // Executables look for the runtime in the default location; this is the one that runs the AppHost.
                        project.Annotations.Add(new EnvironmentCallbackAnnotation("DOTNET_ROOT", () => DotnetRoot));
                    }
                }

                return Task.CompletedTask;
            }
        );
        return builder;
    }

    // <root>/shared/Microsoft.NETCore.App/<version>/
    private static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
}
