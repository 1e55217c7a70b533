using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>A service that the AppHost does not start.</summary>
public sealed class ExternalServiceResource(string name, Uri uri) : Resource(name)
{
    public Uri? Uri { get; } = uri;
}

public static class ExternalServiceBuilderExtensions
{
    public static IResourceBuilder<ExternalServiceResource> AddExternalService(this IDistributedApplicationBuilder builder, [ResourceName] string name, string url) =>
        builder.AddExternalService(name, new Uri(url));

    public static IResourceBuilder<ExternalServiceResource> AddExternalService(this IDistributedApplicationBuilder builder, [ResourceName] string name, Uri uri) =>
        !uri.IsAbsoluteUri || uri.AbsolutePath != "/"
            ? throw new ArgumentException("The URL of an external service must be absolute and its path must be '/'.", nameof(uri))
            : builder.AddResource(new ExternalServiceResource(name, uri));
}

public static partial class ResourceBuilderExtensions
{
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<ExternalServiceResource> externalService) where TDestination : IResourceWithEnvironment
    {
        var (name, url) = (externalService.Resource.Name, externalService.Resource.Uri!.ToString().TrimEnd('/'));
        return builder.WithReferenceRelationship(externalService.Resource)
            .WithEnvironment($"services__{name}__{externalService.Resource.Uri.Scheme}__0", url)
            .WithEnvironment(ResourceName.Encode(name).ToUpperInvariant(), url);
    }
}
