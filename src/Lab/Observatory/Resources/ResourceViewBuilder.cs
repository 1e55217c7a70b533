using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>The page of one instance. Values of the environment are masked until somebody asks for them.</summary>
internal sealed class ResourceViewBuilder(BoardState board, ResourceGroup group, ResourceInstance instance, DateTimeOffset now)
{
    public const string EverySecret = "*";
    private const string EnvironmentField = "environment:";
    private const string PropertyField = "property:";

    private readonly Resource _resource = instance.Resource;

    /// <summary>Shown: the field that was asked for, or every.</summary>
    public ResourceView Build(string token, string? shown, OutcomeView? outcome) => new(
        _resource.Name, instance.DisplayName, ViewParts.Look(instance.DisplayName, _resource.ResourceType), _resource.ResourceType, instance.Status.Class, instance.Status.State,
        instance.Status.Class is "wait" ? "" : instance.Status.Class, instance.Status.Health, ViewParts.BannerTitle(board.Connection), ViewParts.Banner(board.Connection, now), outcome,
        ViewParts.Instances(group, _resource.Name), ViewParts.Commands(_resource, instance.Href), [.. _resource.HealthReports.Select(Health)], ViewParts.Endpoints(_resource),
        [.. _resource.Environment.OrderBy(variable => variable.Name, StringComparer.Ordinal).Select(variable => Variable(variable, shown))],
        [.. _resource.Properties.Select(property => Property(property, shown))], [.. Relations()],
        [.. _resource.Volumes.Select(volume => $"{volume.Source} to {volume.Target}, {volume.MountType}{(volume.IsReadOnly ? ", read-only" : "")}")],
        ViewParts.Time(ResourceFacts.Time(_resource.CreatedAt), now), ViewParts.Time(ResourceFacts.Time(_resource.StartedAt), now),
        ViewParts.Time(ResourceFacts.Time(_resource.StoppedAt), now), instance.Href, token);

    private static ValueView Variable(EnvironmentVariable variable, string? shown)
    {
        var field = EnvironmentField + variable.Name;
        return new ValueView(variable.Name, field, shown == EverySecret || shown == field ? variable.Value : null, true, ViewParts.IsSensitive(variable.Name, variable.Value));
    }

    private static ValueView Property(ResourceProperty property, string? shown)
    {
        var (field, value) = (PropertyField + property.Name, ResourceFacts.Text(property.Value));
        var isSensitive = property.IsSensitive || ViewParts.IsSensitive(property.Name, value);
        return new ValueView(
            property.DisplayName.Length > 0 ? property.DisplayName : property.Name, field, !isSensitive || shown == EverySecret || shown == field ? value : null, isSensitive, isSensitive);
    }

    private HealthView Health(HealthReport report)
    {
        var (dot, status) = report switch
        {
            { HasStatus: false } => ("wait", "not checked yet"),
            { Status: HealthStatus.Healthy } => ("ok", "healthy"),
            { Status: HealthStatus.Degraded } => ("warn", "degraded"),
            _ => ("bad", "unhealthy"),
        };

        // Of what has ended these are old.
        return new HealthView(report.Key, ResourceFacts.IsEnded(_resource) ? "" : dot, status, report.Description, report.Exception, ViewParts.Time(ResourceFacts.Time(report.LastRunAt), now));
    }

    private IEnumerable<RelationView> Relations()
    {
        var groups = ResourceGroup.Of(board, withHidden: true);
        var graph = ResourceGraph.EdgesOf(groups);
        var looks = groups.ToDictionary(other => other.Name, other => ViewParts.Look(other.Name, other.Type), StringComparer.OrdinalIgnoreCase);
        return graph.Where(edge => edge.From == group.Name).Select(edge => Relation(edge.Text, edge.To))
            .Concat(graph.Where(edge => edge.To == group.Name).Select(edge => Relation(edge.TextFromThere, edge.From)));

        RelationView Relation(string words, string name) => new(words, name, looks[name], "/resources/" + Uri.EscapeDataString(name));
    }
}
