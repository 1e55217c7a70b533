namespace Platform.Observatory.Map;

internal enum NodeKind
{
    Service,
    Queue,
    Database,
    Outside,
}

/// <summary>Who takes part: a service that sends telemetry, or somebody that only others speak of.</summary>
/// <param name="Name">As spans call it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Attribute">Of somebody outside: the attribute that spans name it by.</param>
internal sealed record MapNode(string Name, NodeKind Kind, string Attribute = "")
{
    // One caller may name somebody by an address and another by a name: it is the same node.
    public bool Equals(MapNode? other) => other is not null && Name == other.Name && Kind == other.Kind;

    public override int GetHashCode() => HashCode.Combine(Name, Kind);
}

/// <summary>Who asks whom. A message goes from its sender to the queue, and from the queue to its receiver.</summary>
internal sealed record MapEdge(MapNode From, MapNode To);
