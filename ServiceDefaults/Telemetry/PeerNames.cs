using System.Diagnostics;
using Microsoft.Extensions.Configuration;

namespace Platform.ServiceDefaults.Telemetry;

/// <summary>
/// The resources that this service was given the addresses of, by host and port: a call of localhost:5601 is one of "acquirer". Without it
/// all neighbours on one machine are one.
/// </summary>
internal sealed class PeerNames
{
    // Bounded by the configuration.
    private readonly Dictionary<(string Host, int Port), string> _names = [];

    /// <summary>Reads services:{name}:{endpoint}:{index}, as Aspire hands addresses over.</summary>
    public static PeerNames From(IConfiguration configuration)
    {
        var peers = new PeerNames();
        foreach (var service in configuration.GetSection("services").GetChildren())
        {
            foreach (var address in service.GetChildren().SelectMany(endpoint => endpoint.GetChildren()))
            {
                if (Uri.TryCreate(address.Value, UriKind.Absolute, out var uri))
                {
                    peers._names.TryAdd((uri.Host, uri.Port), service.Key);
                }
            }
        }

        return peers;
    }

    /// <summary>Null for a span that is no call of such a resource.</summary>
    public string? Of(Activity activity) =>
        activity.Kind == ActivityKind.Client
        && activity.GetTagItem("server.address") is string host
        && activity.GetTagItem("server.port") is int port
            ? _names.GetValueOrDefault((host, port))
            : null;
}
