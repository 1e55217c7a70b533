using Platform.Observatory.Pages;

namespace Platform.Observatory.Resources;

internal static class ResourceListBuilder
{
    public static ResourceList Build(BoardState board, string search, bool withHidden, string token, DateTimeOffset now)
    {
        // Values that others are given are many, and a row of one that has its value says nothing.
        var groups = ResourceGroup.Of(board, withHidden).Where(group => withHidden || search.Length > 0 || !group.IsValue || group.Worst.Status.IsTrouble).ToList();
        var rows = ResourceTree.Rows([.. groups.Where(group => Matches(group, search))]).SelectMany(row => Rows(row.Group, row.Depth, now)).ToList();
        var isEmpty = groups.Count == 0;
        return new ResourceList(
            isEmpty ? "" : Summary(groups) + LeftOut(board), isEmpty && board.Connection.State == ConnectionState.NotConfigured ? "" : ViewParts.BannerTitle(board.Connection),
            ViewParts.Banner(board.Connection, now), search, rows, ResourceGroup.Of(board, withHidden: true).Count(group => group.IsValue || group.Worst.Resource.IsHidden), withHidden,
            isEmpty ? "No resources yet" : "No resource matches",
            isEmpty
                ? board.Connection.State == ConnectionState.NotConfigured ? ViewParts.Banner(board.Connection, now) : "They appear when the AppHost tells of them."
                : "Clear the filter to see all resources.",
            token);
    }

    /// <summary>The words of the filter, each anywhere in what the row shows.</summary>
    public static bool Matches(ResourceGroup group, string search) =>
        search.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(word => group.Instances.Any(instance =>
            Words(instance).Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase))));

    private static IEnumerable<string> Words(ResourceInstance instance) =>
    [
        instance.DisplayName, instance.Resource.Name, instance.Resource.ResourceType, instance.Status.State, instance.Status.Health, ResourceFacts.Source(instance.Resource),
        .. instance.Resource.Urls.Select(url => url.FullUrl),
    ];

    private static string Summary(List<ResourceGroup> groups) => Format.Count(groups.Count, "resource", "resources") + ": " + string.Join(
        ", ", groups.GroupBy(group => group.Worst.Status.Word).OrderBy(words => words.First().Worst.Status.Rank).Select(words => $"{Format.Count(words.Count())} {words.Key}"));

    private static string LeftOut(BoardState board) => board.LeftOut == 0 ? "" : $". {Format.Count(board.LeftOut)} more are too many to be kept";

    private static IEnumerable<ResourceRow> Rows(ResourceGroup group, int depth, DateTimeOffset now)
    {
        if (group.Instances.Count == 1)
        {
            return [Row(group.Instances[0], group.Name, depth, isInstance: false, now)];
        }

        var worst = group.Worst;
        return
        [
            Row(worst, group.Name, depth, isInstance: false, now) with
            {
                Instances = group.Instances.Count,
                Href = "/resources/" + Uri.EscapeDataString(group.Name),
                Started = new TimeView("", ""),
                Health = string.Join(", ", group.Instances.GroupBy(instance => instance.Status.Word).OrderBy(words => words.First().Status.Rank).Select(words => $"{words.Count()} {words.Key}")),
                Commands = [],
            },
            .. group.Instances.OrderBy(instance => instance.Status.Rank).Select(instance =>
                Row(instance, instance.Resource.Name, depth + 1, isInstance: true, now) with { Endpoints = [], Source = "", SourceTitle = "" }),
        ];
    }

    private static string Kind(string type) => type.EndsWith("Resource", StringComparison.Ordinal) && type.Length > 8 ? type[..^8] : type;

    private static ResourceRow Row(ResourceInstance instance, string name, int depth, bool isInstance, DateTimeOffset now)
    {
        var (resource, status) = instance;
        var source = ResourceFacts.Source(resource);
        return new ResourceRow(
            name, ViewParts.Look(instance.DisplayName, resource.ResourceType), Math.Min(depth, 6), isInstance, 1, instance.Href, Kind(resource.ResourceType), status.Class, status.State,
            status.Health, status.Class is "bad" or "warn" ? status.Class : "mid", ViewParts.Time(ResourceFacts.Time(resource.StartedAt), now), ViewParts.Endpoints(resource),
            source[(source.LastIndexOf('/') + 1)..], source, ViewParts.Commands(resource, instance.Href));
    }
}
