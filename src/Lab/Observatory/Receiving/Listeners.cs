using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Platform.Observatory.Receiving;

/// <summary>Which of the configured endpoints a connection came in on.</summary>
internal sealed record Listener(string Name)
{
    public const string Http = "http";
    public const string OtlpGrpc = "otlp-grpc";
    public const string OtlpHttp = "otlp-http";
    public const string Management = "management";

    public static readonly string[] Names = [Http, OtlpGrpc, OtlpHttp, Management];
}

/// <summary>
/// Marks each connection with the listener that accepted it. The Host header is the client's choice and decides nothing; the mark works
/// like the local port, also with dynamic ports.
/// </summary>
internal sealed class Listeners
{
    private readonly Dictionary<string, ListenOptions> _options = [];

    public void Configure(KestrelServerOptions kestrel, IConfiguration configuration)
    {
        var loader = kestrel.Configure(configuration.GetSection("Kestrel"));

        foreach (var name in Listener.Names)
        {
            var listener = new Listener(name);
            loader.Endpoint(
                name,
                endpoint =>
                {
                    _options[name] = endpoint.ListenOptions;
                    endpoint.ListenOptions.Use(next =>
                        connection =>
                        {
                            connection.Features.Set(listener);
                            return next(connection);
                        }
                    );
                }
            );
        }
    }

    /// <summary>The port in use, known once the server has started.</summary>
    public int PortOf(string name) => _options[name].IPEndPoint!.Port;

    public static string? Of(HttpContext context) => context.Features.Get<Listener>()?.Name;
}
