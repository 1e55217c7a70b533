using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Resolve;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

public static class ProjectResourceBuilderExtensions
{
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, [ResourceName] string name)
        where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, _ => { });

    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string? launchProfileName)
        where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, options =>
    {
        options.ExcludeLaunchProfile = launchProfileName is null;
        options.LaunchProfileName = launchProfileName;
    });

    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, Action<ProjectResourceOptions> configure)
        where TProject : IProjectMetadata, new()
    {
        var options = new ProjectResourceOptions();
        configure(options);
        var metadata = new TProject();
        var project = builder.AddResource(new ProjectResource(name)).WithAnnotation<IProjectMetadata>(metadata);
        var folder = Path.GetDirectoryName(metadata.ProjectPath)!;
        var profile = ChooseProfile(builder, metadata, folder, options);

        if (profile is not null)
        {
            project.WithAnnotation(profile);
        }

        project.WithProjectEnvironment(profile);
        var kestrel = options.ExcludeKestrelEndpoints ? [] : KestrelSection.Read(folder, profile?.Profile);
        foreach (var endpoint in kestrel)
        {
            project.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, endpoint.Scheme, name: endpoint.Name, port: endpoint.Port)
            {
                TargetHost = endpoint.Host,
                Transport = endpoint.Http2 ? "http2" : "http",
                FromKestrelSection = true,
            });
        }

        if (kestrel.Count == 0 && profile?.Profile.ApplicationUrl is { } urls)
        {
            AddLaunchProfileEndpoints(project, urls, profile.Profile.LaunchUrl);
        }

        if (profile?.Profile.CommandLineArgs is { } arguments)
        {
            project.WithArgs(context =>
            {
                foreach (var argument in CommandLine.Split(arguments))
                {
                    context.Args.Add(argument);
                }
            });
        }

        return project;
    }

    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        if (replicas < 1)
        {
            throw new NotSupportedException("A project without replicas needs the package Aspire.Hosting: run with StandIns=false.");
        }

        builder.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace);
        builder.Resource.EnsureInstances();
        return builder;
    }

    public static IResourceBuilder<ProjectResource> WithEndpointsInEnvironment(this IResourceBuilder<ProjectResource> builder, Func<EndpointAnnotation, bool> filter) =>
        builder.WithAnnotation(new EndpointEnvironmentFilterAnnotation(filter));

    private static LaunchProfileAnnotation? ChooseProfile(
        IDistributedApplicationBuilder builder, IProjectMetadata metadata, string folder, ProjectResourceOptions options)
    {
        if (options.ExcludeLaunchProfile || (metadata.LaunchSettings ?? LaunchSettings.Read(folder)) is not { } settings)
        {
            return null;
        }

        if (options.LaunchProfileName is { } asked)
        {
            return settings.Profiles.TryGetValue(asked, out var named)
                ? new LaunchProfileAnnotation(asked, named)
                : throw new DistributedApplicationException($"Launch settings file of '{metadata.ProjectPath}' does not contain '{asked}' profile.");
        }

        var preferred = builder.Configuration["AppHost:DefaultLaunchProfileName"] ?? builder.Configuration["DOTNET_LAUNCH_PROFILE"];
        if (preferred is not null && settings.Profiles.TryGetValue(preferred, out var shared))
        {
            return new LaunchProfileAnnotation(preferred, shared);
        }

        var first = settings.Profiles.FirstOrDefault(p => p.Value.CommandName is null or "" or "Project" or "Executable");
        return first.Value is null ? null : new LaunchProfileAnnotation(first.Key, first.Value);
    }

    // applicationUrl: "https://localhost:7301;http://localhost:5301"
    private static void AddLaunchProfileEndpoints(IResourceBuilder<ProjectResource> project, string urls, string? launchUrl)
    {
        foreach (var text in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var url = BindingAddress.Parse(text);
            var number = project.Resource.Annotations.OfType<EndpointAnnotation>().Count(e => e.UriScheme == url.Scheme) + 1;
            var name = number == 1 ? url.Scheme : url.Scheme + number;
            project.WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, url.Scheme, name: name, port: url.Port)
            {
                TargetHost = url.Host,
                FromLaunchProfile = true,
            });
            if (launchUrl is not null)
            {
                project.WithUrlForEndpoint(name, u => u.Url = Uri.TryCreate(launchUrl, UriKind.Absolute, out _) ? launchUrl : $"{u.Url.TrimEnd('/')}/{launchUrl.TrimStart('/')}");
            }
        }
    }

    private static void WithProjectEnvironment(this IResourceBuilder<ProjectResource> project, LaunchProfileAnnotation? profile)
    {
        var development = project.ApplicationBuilder.Environment.IsDevelopment();
        project.WithEnvironment(context =>
        {
            foreach (var (key, value) in ProjectEnvironment.Defaults(project.Resource, context.Instance, development))
            {
                context.EnvironmentVariables[key] = value;
            }

            if (profile is null)
            {
                return;
            }

            context.EnvironmentVariables.TryAdd("DOTNET_LAUNCH_PROFILE", profile.LaunchProfileName);
            foreach (var (key, value) in profile.Profile.EnvironmentVariables)
            {
                context.EnvironmentVariables.TryAdd(key, Environment.ExpandEnvironmentVariables(value));
            }
        });
    }
}
