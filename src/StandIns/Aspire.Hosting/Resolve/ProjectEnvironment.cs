using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Resolve;

/// <summary>What every project gets. Where telemetry goes is not part of it: there is no Aspire dashboard here, so OTEL_EXPORTER_OTLP_* stay the user's.</summary>
internal static class ProjectEnvironment
{
    public static IEnumerable<KeyValuePair<string, string>> Defaults(ProjectResource project, InstanceAnnotation? instance, bool development)
    {
        yield return new("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory");
        yield return new("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "true");
        yield return new("LOGGING__CONSOLE__FORMATTERNAME", "simple");
        yield return new("OTEL_SERVICE_NAME", project.Name);
        if (instance is not null)
        {
            yield return new("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={instance.Suffix}");
        }

        if (!development)
        {
            yield break;
        }

        yield return new("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "true");
        yield return new("OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "true");
        yield return new("OTEL_BLRP_SCHEDULE_DELAY", "1000");
        yield return new("OTEL_BSP_SCHEDULE_DELAY", "1000");
        yield return new("OTEL_METRIC_EXPORT_INTERVAL", "1000");
        yield return new("OTEL_TRACES_SAMPLER", "always_on");
        yield return new("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based");
        yield return new("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");
    }

    /// <summary>Where the project listens. Evaluated last, so that endpoints added after AddProject count; a value the user set stays.</summary>
    public static void AddListenAddresses(ProjectResource project, InstanceAnnotation? instance, Dictionary<string, object> environment)
    {
        var filters = project.Annotations.OfType<EndpointEnvironmentFilterAnnotation>().ToArray();
        var endpoints = project.Annotations.OfType<EndpointAnnotation>()
            .Where(e => e.UriScheme is "http" or "https" && e.AllocatedEndpoint is not null && filters.All(f => f.Filter(e)))
            .ToArray();

        foreach (var endpoint in endpoints.Where(e => e.FromKestrelSection))
        {
            environment.TryAdd($"Kestrel__Endpoints__{endpoint.Name}__Url", ListenUrl(endpoint, instance));
        }

        var plain = endpoints.Where(e => !e.FromKestrelSection).ToArray();
        if (plain.Length > 0)
        {
            environment.TryAdd("ASPNETCORE_URLS", string.Join(';', plain.Select(e => ListenUrl(e, instance))));
            if (plain.FirstOrDefault(e => e.UriScheme == "https") is { } https)
            {
                environment.TryAdd("ASPNETCORE_HTTPS_PORT", https.AllocatedEndpoint!.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }
        }
    }

    private static string ListenUrl(EndpointAnnotation endpoint, InstanceAnnotation? instance) =>
        $"{endpoint.UriScheme}://{endpoint.TargetHost}:{(instance is null ? endpoint.AllocatedEndpoint!.Port : endpoint.ListenPort(instance.Id))}";
}
