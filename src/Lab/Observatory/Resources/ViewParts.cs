using System.Globalization;
using Platform.Observatory.Pages;
using Platform.Observatory.Resources.Wire;
using Platform.Observatory.Scrubbing;

namespace Platform.Observatory.Resources;

/// <summary>The parts that several views show.</summary>
internal static class ViewParts
{
    // Whoever asks for one of these ends something that runs.
    private static readonly string[] AskFirst = ["stop", "restart", "rebuild"];

    public static string Look(string name, string type) => type is "Project" or "Executable" ? ServiceLook.ClassOf(name) : "server";

    public static TimeView Time(DateTimeOffset? time, DateTimeOffset now) => time is not { } at ? new("", "") : new(
        at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        at.UtcDateTime.ToString(at.UtcDateTime.Date == now.UtcDateTime.Date ? "HH:mm:ss" : "d MMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture));

    public static string BannerTitle(ResourceConnection connection) => connection.State switch
    {
        ConnectionState.NotConfigured => "No AppHost",
        ConnectionState.Connecting => "The AppHost has not answered yet",
        ConnectionState.Lost => "The AppHost does not answer",
        _ => "",
    };

    public static string Banner(ResourceConnection connection, DateTimeOffset now)
    {
        var since = Time(connection.Since, now).Text + " UTC";
        return connection.State switch
        {
            ConnectionState.NotConfigured =>
                "Resources come from the AppHost that started Observatory: Observatory:ResourceServiceUrl holds its address, Observatory:ResourceServiceApiKey its key. Neither is set.",
            ConnectionState.Connecting => $"Asked since {since}. {connection.Reason}",
            ConnectionState.Lost => $"Since {since} this is what was known last. {connection.Reason}",
            _ => "",
        };
    }

    public static IReadOnlyList<InstanceView> Instances(ResourceGroup group, string current) => group.Instances.Count < 2
        ? []
        : [.. group.Instances.Select(instance => new InstanceView(
            instance.Resource.Name, instance.Href, instance.Resource.Name == current, instance.Status.Class, instance.Status.State))];

    public static IReadOnlyList<EndpointView> Endpoints(Resource resource) =>
    [
        .. resource.Urls
            .Where(url => !url.IsInactive)
            .OrderByDescending(url => url.DisplayProperties?.SortOrder ?? 0)
            .Select(Endpoint),
    ];

    // The name is in the query: those of HTTP commands hold slashes.
    public static IReadOnlyList<CommandView> Commands(Resource resource, string href) =>
    [
        .. resource.Commands
            .Where(command => command.State != ResourceCommandState.Hidden)
            .OrderByDescending(command => command.IsHighlighted)
            .Select(command => new CommandView(
                command.Name, command.DisplayName.Length > 0 ? command.DisplayName : command.Name, command.DisplayDescription, AsksFirst(command),
                command.State == ResourceCommandState.Enabled, $"{href}/command?name={Uri.EscapeDataString(command.Name)}")),
    ];

    public static bool AsksFirst(ResourceCommand command) => command.HasConfirmationMessage || command.ArgumentInputs.Count > 0 || AskFirst.Contains(command.Name);

    /// <summary>By its name, or because it holds what a scrubber would take out of a log.</summary>
    public static bool IsSensitive(string name, string value) =>
        Names.KindOf(name) is NameKind.Secret or NameKind.Token || name.EndsWith("key", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase) || TextScrubber.Scrub(value) != value;

    // Anything but http in a link could be a script.
    private static EndpointView Endpoint(Url url)
    {
        var name = url.DisplayProperties is { DisplayName.Length: > 0 } display ? display.DisplayName : url.EndpointName;
        return Uri.TryCreate(url.FullUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? new EndpointView(name, uri.Authority + (uri.PathAndQuery == "/" ? "" : uri.PathAndQuery), url.FullUrl)
            : new EndpointView(name, url.FullUrl, null);
    }
}
