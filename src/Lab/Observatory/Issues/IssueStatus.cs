using System.Text.Json.Serialization;

namespace Platform.Observatory.Issues;

[JsonConverter(typeof(JsonStringEnumConverter<IssueStatus>))]
internal enum IssueStatus
{
    /// <summary>First seen less than a day ago, and no status was set.</summary>
    [JsonStringEnumMemberName("new")]
    New,

    [JsonStringEnumMemberName("ongoing")]
    Ongoing,

    [JsonStringEnumMemberName("resolved")]
    Resolved,

    [JsonStringEnumMemberName("muted")]
    Muted,

    /// <summary>Resolved, and seen again in a newer release.</summary>
    [JsonStringEnumMemberName("regressed")]
    Regressed,
}

internal static class IssueStatuses
{
    public static readonly IssueStatus[] Settable = [IssueStatus.Resolved, IssueStatus.Muted, IssueStatus.Ongoing];

    public static string NameOf(IssueStatus status) =>
        status switch
        {
            IssueStatus.New => "new",
            IssueStatus.Ongoing => "ongoing",
            IssueStatus.Resolved => "resolved",
            IssueStatus.Muted => "muted",
            _ => "regressed",
        };

    public static IssueStatus? Parse(string? text) =>
        Enum.GetValues<IssueStatus>().Cast<IssueStatus?>().FirstOrDefault(status => NameOf(status!.Value) == text);
}
