namespace Platform.Observatory.Map;

internal enum NodeKind
{
    Service,
    Queue,
    Database,
    Outside,
}

/// <summary>A node: a service that sends telemetry, or a peer that only others mention.</summary>
/// <param name="Name">As named in spans.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Attribute">For an outside node: the attribute that names it.</param>
internal sealed record MapNode(string Name, NodeKind Kind, string Attribute = "")
{
    // Callers may name the same node by different attributes.
    public bool Equals(MapNode? other) => other is not null && Name == other.Name && Kind == other.Kind;

    public override int GetHashCode() => HashCode.Combine(Name, Kind);
}

/// <summary>A call. A message is two edges: from producer to queue, and from queue to consumer.</summary>
internal sealed record MapEdge(MapNode From, MapNode To);
