using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace StackExchange.Redis;

/// <summary>One span a command, under the name of the instrumentation package of the real client; no values, no secrets.</summary>
internal static class RedisTelemetry
{
    private static readonly ActivitySource Source =
        new(new ActivitySourceOptions("OpenTelemetry.Instrumentation.StackExchangeRedis"));

    public static Activity? Start(RespCommand command, int database, EndPoint endPoint)
    {
        var activity = Source.StartActivity(command.Name, ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("db.system.name", "redis");
            activity.SetTag("db.operation.name", command.Name);
            activity.SetTag("db.namespace", database.ToString(CultureInfo.InvariantCulture));
            activity.SetTag("db.query.text", command.QueryText);
            var (host, port) = endPoint switch
            {
                DnsEndPoint name => (name.Host, name.Port),
                IPEndPoint address => ($"{address.Address}", address.Port),
                _ => ($"{endPoint}", 0),
            };
            activity.SetTag("server.address", host);
            activity.SetTag("server.port", port);
        }

        return activity;
    }

    public static void SetPeer(this Activity? activity, IPEndPoint? peer)
    {
        if (activity is { IsAllDataRequested: true } && peer is not null)
        {
            var address = peer.Address.IsIPv4MappedToIPv6 ? peer.Address.MapToIPv4() : peer.Address;
            activity.SetTag("network.type", address.AddressFamily == AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4");
            activity.SetTag("network.peer.address", $"{address}");
            activity.SetTag("network.peer.port", peer.Port);
        }
    }

    public static void Fail(this Activity? activity, Exception exception)
    {
        if (exception is RedisServerException)
        {
            // Only the code, "WRONGTYPE": the text after it can quote the arguments.
            var code = exception.Message.Split(' ', 2)[0];
            activity?.SetTag("db.response.status_code", code).SetTag("error.type", code).SetStatus(ActivityStatusCode.Error, code);
        }
        else
        {
            activity?.SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error, exception.Message);
        }
    }
}
