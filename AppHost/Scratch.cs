namespace Platform.AppHost;

internal static class Scratch
{
    /// <summary>A folder that survives restarts of the resource and is deleted when the AppHost ends.</summary>
    public static IResourceBuilder<ProjectResource> WithScratchDirectory(this IResourceBuilder<ProjectResource> project, string variable) =>
        project.ApplicationBuilder.ExecutionContext.IsPublishMode
            ? project
            : project.WithEnvironment(variable, project.ApplicationBuilder.RunFolder().Create(project.Resource.Name));
}
