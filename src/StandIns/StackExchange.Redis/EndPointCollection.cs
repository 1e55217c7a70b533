using System.Collections.ObjectModel;
using System.Globalization;
using System.Net;

namespace StackExchange.Redis;

/// <summary>Where Redis is.</summary>
public sealed class EndPointCollection : Collection<EndPoint>
{
    private const int DefaultPort = 6379;

    /// <summary>Adds "host", "host:port", "10.0.0.1:6379" or "[::1]:6379".</summary>
    public void Add(string hostAndPort)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(hostAndPort);
        var colon = hostAndPort.LastIndexOf(':');
        if (colon < 0 || hostAndPort.EndsWith(']'))
        {
            Add(hostAndPort, DefaultPort);
        }
        else if (int.TryParse(hostAndPort.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= IPEndPoint.MaxPort)
        {
            Add(hostAndPort[..colon], port);
        }
        else
        {
            throw new ArgumentException($"'{hostAndPort}' has no valid port.", nameof(hostAndPort));
        }
    }

    /// <summary>Adds a host name or an address, and a port.</summary>
    public void Add(string host, int port)
        => Add(IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port));

    internal static string Format(EndPoint endPoint)
        => endPoint is DnsEndPoint name ? string.Create(CultureInfo.InvariantCulture, $"{name.Host}:{name.Port}") : $"{endPoint}";
}
