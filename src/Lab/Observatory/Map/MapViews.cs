using Platform.Observatory.Text;

namespace Platform.Observatory.Map;

/// <summary>View model of the service map; formatted values only.</summary>
public sealed record MapView
{
    public required TimeRange Range { get; init; }

    /// <summary>Describes the sampled data.</summary>
    public required string Description { get; init; }

    public required string Width { get; init; }

    public required string Height { get; init; }

    public required IReadOnlyList<NodeView> Nodes { get; init; }

    public required IReadOnlyList<EdgeView> Edges { get; init; }
}

/// <summary>Class: the colour of a service, server for a server or queue, outside for an external peer.</summary>
public sealed record NodeView(
    string X,
    string Y,
    string Name,
    string Title,
    string Sub,
    bool IsBad,
    bool IsQueue,
    string Class,
    string Href
)
{
    public string At => $"translate({X} {Y})";
}

public sealed record EdgeView(
    MapParty From,
    MapParty To,
    string Path,
    string Weight,
    bool IsMessage,
    bool HasMoreErrors,
    bool IsSlower,
    string Rate,
    string Errors,
    string P95,
    string Usual,
    string Href,
    EdgeLabel? Label
)
{
    public bool IsBad => HasMoreErrors || IsSlower;

    public string Text => $"{From.Name} to {To.Name}: {Rate}{ErrorText}, p95 {P95}";

    private string ErrorText => Errors.Length > 0 ? $", {Errors} errors" : "";
}

public sealed record MapParty(string Name, string Kind, string Class);

public sealed record EdgeLabel(string Text, string X, string Y, string Width)
{
    public string At => $"translate({X} {Y})";
}
