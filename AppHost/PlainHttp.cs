namespace Platform.AppHost;

internal static class PlainHttp
{
    /// <summary>
    /// Nothing between projects speaks TLS: everything is on loopback. Otherwise Aspire prepares its development certificate for each of
    /// them, and its dashboard asks people to trust one that nothing uses.
    /// </summary>
    public static IDistributedApplicationBuilder AddPlainHttp(this IDistributedApplicationBuilder builder)
    {
        builder.Eventing.Subscribe<BeforeStartEvent>(
            (start, _) =>
            {
                foreach (
                    var project in start
                        .Model.Resources.OfType<ProjectResource>()
                        .Where(project => project.Annotations.OfType<EndpointAnnotation>().All(endpoint => endpoint.UriScheme != "https"))
                )
                {
                    builder.CreateResourceBuilder(project).WithoutHttpsCertificate();
                }

                return Task.CompletedTask;
            }
        );
        return builder;
    }
}
