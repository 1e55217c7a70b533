using Platform.Observatory.Otlp;

namespace Platform.Observatory.Store;

/// <summary>A process as OTLP names it: the resource that its spans and logs share.</summary>
internal sealed class OriginResource(Resource resource, string schemaUrl)
{
    public const string UnknownService = "unknown_service";

    public Resource Resource { get; } = resource;

    public string SchemaUrl { get; } = schemaUrl;

    public string Service { get; } = Attribute(resource, "service.name") ?? UnknownService;

    public string? Instance { get; } = Attribute(resource, "service.instance.id");

    public string? Version { get; } = Attribute(resource, "service.version");

    public string? Environment { get; } = Attribute(resource, "deployment.environment.name");

    /// <summary>By name (all instances), by name-instance, or by instance id; names compare without case.</summary>
    public bool Matches(string name) =>
        string.Equals(Service, name, StringComparison.OrdinalIgnoreCase)
        || (
            Instance is not null
            && (
                string.Equals(Instance, name, StringComparison.OrdinalIgnoreCase)
                || string.Equals($"{Service}-{Instance}", name, StringComparison.OrdinalIgnoreCase)
            )
        );

    private static string? Attribute(Resource resource, string key)
    {
        foreach (var attribute in resource.Attributes)
        {
            if (
                attribute.Key == key
                && attribute.Value?.ValueCase == AnyValue.ValueOneofCase.StringValue
                && attribute.Value.StringValue.Length > 0
            )
            {
                return attribute.Value.StringValue;
            }
        }

        return null;
    }
}

/// <summary>Resource and scope of a record; shared by all records of the same pair that are in the store.</summary>
internal sealed class Origin(OriginResource resource, InstrumentationScope? scope, string scopeSchemaUrl, int bytes)
{
    public OriginResource Resource { get; } = resource;

    public InstrumentationScope? Scope { get; } = scope;

    public string ScopeSchemaUrl { get; } = scopeSchemaUrl;

    public string Service => Resource.Service;

    /// <summary>Counted once against the store's bound, while at least one record refers to it.</summary>
    public int Bytes { get; } = bytes;

    /// <summary>Records in the store that refer to this; written under that store's lock.</summary>
    public int References { get; set; }
}
