using System.Collections.Concurrent;
using Google.Protobuf;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Store;

/// <summary>
/// Hands out one Origin for equal resources and scopes. A platform has some hundred pairs; when a sender generates more than Capacity of
/// them the pool is cleared, and the stores keep counting what their records still refer to.
/// </summary>
internal sealed class OriginPool
{
    private const int Capacity = 1_000;

    // Both bounded by Capacity entries of at most MaxPooledBytes; cleared when full.
    private const int MaxPooledBytes = 16 << 10;
    private readonly ConcurrentDictionary<ByteString, OriginResource> _resources = new();
    private readonly ConcurrentDictionary<(OriginResource Resource, ByteString Scope, string SchemaUrl), Origin> _origins = new();

    public OriginResource ResourceOf(Resource? resource, string schemaUrl)
    {
        resource ??= new Resource();
        var bytes = resource.CalculateSize();
        var made = new OriginResource(resource, schemaUrl);

        if (bytes > MaxPooledBytes)
        {
            return made;
        }

        if (_resources.Count >= Capacity)
        {
            _resources.Clear();
        }

        // The schema URL is part of the key: two senders may describe the same process by different conventions.
        return _resources.GetOrAdd(
            ByteString.CopyFrom([.. resource.ToByteArray(), 0, .. System.Text.Encoding.UTF8.GetBytes(schemaUrl)]),
            made
        );
    }

    public Origin OriginOf(OriginResource resource, InstrumentationScope? scope, string schemaUrl)
    {
        var scopeBytes = scope is null ? ByteString.Empty : ByteString.CopyFrom([1, .. scope.ToByteArray()]);
        var bytes = resource.Resource.CalculateSize() + scopeBytes.Length + schemaUrl.Length;
        var made = new Origin(resource, scope, schemaUrl, bytes);

        if (bytes > MaxPooledBytes)
        {
            return made;
        }

        if (_origins.Count >= Capacity)
        {
            _origins.Clear();
        }

        return _origins.GetOrAdd((resource, scopeBytes, schemaUrl), made);
    }
}
