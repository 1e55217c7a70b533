namespace Platform.AppHost;

internal static class PlainHttp
{
    /// <summary>
    /// No TLS between projects: everything is on loopback. Otherwise Aspire would set up its development certificate for each, and its
    /// dashboard would ask to trust one that nothing uses.
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
