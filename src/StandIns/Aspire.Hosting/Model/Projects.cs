using System.Text.Json;
using System.Text.Json.Serialization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>A .NET project of the solution.</summary>
    public class ProjectResource(string name)
        : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport, IResourceWithProbes, IComputeResource;

    public static class ProjectResourceExtensions
    {
        public static IEnumerable<ProjectResource> GetProjectResources(this DistributedApplicationModel model) => model.Resources.OfType<ProjectResource>();

        public static IProjectMetadata GetProjectMetadata(this ProjectResource projectResource) => projectResource.Annotations.OfType<IProjectMetadata>().Single();
    }

    internal sealed class LaunchProfileAnnotation(string launchProfileName, LaunchProfile profile) : IResourceAnnotation
    {
        public string LaunchProfileName { get; } = launchProfileName;

        public LaunchProfile Profile { get; } = profile;
    }

    /// <summary>Which endpoints appear in ASPNETCORE_URLS and the Kestrel section.</summary>
    internal sealed class EndpointEnvironmentFilterAnnotation(Func<EndpointAnnotation, bool> filter) : IResourceAnnotation
    {
        public Func<EndpointAnnotation, bool> Filter { get; } = filter;
    }
}

namespace Aspire.Hosting
{
    /// <summary>A resource that others find as <c>http://name</c>.</summary>
    public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

    /// <summary>Where a project is. The build writes one class per project into the AppHost.</summary>
    public interface IProjectMetadata : IResourceAnnotation
    {
        string ProjectPath { get; }

        LaunchSettings? LaunchSettings => null;

        bool SuppressBuild => false;
    }

    public class ProjectResourceOptions
    {
        public string? LaunchProfileName { get; set; }

        public bool ExcludeLaunchProfile { get; set; }

        public bool ExcludeKestrelEndpoints { get; set; }
    }

    public sealed class LaunchSettings
    {
        [JsonPropertyName("profiles")]
        public Dictionary<string, LaunchProfile> Profiles { get; set; } = [];

        internal static LaunchSettings? Read(string projectFolder)
        {
            var path = Path.Combine(projectFolder, "Properties", "launchSettings.json");
            try
            {
                return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path), LaunchSettingsJson.Default.LaunchSettings) : null;
            }
            catch (JsonException e)
            {
                throw new DistributedApplicationException($"The launch settings file '{path}' is not valid JSON: {e.Message}", e);
            }
        }
    }

    public sealed class LaunchProfile
    {
        [JsonPropertyName("commandName")]
        public string? CommandName { get; set; }

        [JsonPropertyName("commandLineArgs")]
        public string? CommandLineArgs { get; set; }

        [JsonPropertyName("launchUrl")]
        public string? LaunchUrl { get; set; }

        [JsonPropertyName("applicationUrl")]
        public string? ApplicationUrl { get; set; }

        [JsonPropertyName("environmentVariables")]
        public Dictionary<string, string> EnvironmentVariables { get; set; } = [];
    }

    [JsonSourceGenerationOptions(ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
    [JsonSerializable(typeof(LaunchSettings))]
    internal sealed partial class LaunchSettingsJson : JsonSerializerContext;
}
