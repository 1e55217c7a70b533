using System.Net;
using System.Net.Sockets;
using Platform.Gateway;

namespace Platform.Shop.Tests;

/// <summary>The gateway's connections to services, which are away while they restart.</summary>
public sealed class UpstreamConnectionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_WhileTheServiceIsAway_IsAnsweredWhenItIsBack()
    {
        using var reserved = new TcpListener(IPAddress.Loopback, 0);
        reserved.Start();
        var address = (IPEndPoint)reserved.LocalEndpoint;
        reserved.Stop();
        using var handler = new SocketsHttpHandler { ConnectCallback = UpstreamConnection.OpenAsync };
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"http://{address}") };

        var request = http.GetAsync("/", Cancellation);
        await Eventually.TrueAsync(() => HasBeenRefusedAsync(address), "it is away");
        Assert.False(request.IsCompleted);
        using var service = new TcpListener(address);
        service.Start();
        using var connection = await service.AcceptSocketAsync(Cancellation);
        await connection.SendAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), Cancellation);

        using var response = await request;
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private static async Task<bool> HasBeenRefusedAsync(IPEndPoint address)
    {
        using var probe = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await probe.ConnectAsync(address, Cancellation);
            return false;
        }
        catch (SocketException refusal) when (refusal.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return true;
        }
    }
}
