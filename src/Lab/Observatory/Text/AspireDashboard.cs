using System.ComponentModel.DataAnnotations;

namespace Platform.Observatory.Text;

/// <summary>Addresses of Aspire's dashboard; null where it is not known.</summary>
public sealed class AspireDashboard(Uri? address)
{
    private readonly string? _address = address?.AbsoluteUri.TrimEnd('/');

    public string? Home => To("");

    /// <summary>State, endpoints, environment and commands. Its resource names equal the service names.</summary>
    public string? Resource(string name) => To("?resource=" + Uri.EscapeDataString(name));

    public string? Console(string name) => To("consolelogs/resource/" + Uri.EscapeDataString(name));

    public string? Logs(string name) => To("structuredlogs/resource/" + Uri.EscapeDataString(name));

    public string? Trace(string traceId) => To("traces/detail/" + Uri.EscapeDataString(traceId));

    /// <summary>A login link is refused: its token would be on every page.</summary>
    public static ValidationResult? Validate(Uri? address) =>
        address is null or { IsAbsoluteUri: true, Scheme: "http" or "https", UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 }
            ? ValidationResult.Success
            : new ValidationResult("Observatory:DashboardUrl must be an absolute http or https address without user, query and fragment.");

    private string? To(string path) => _address is null ? null : $"{_address}/{path}";
}
