using System.Net;
using System.Net.Sockets;
using System.Text;
using Aspire.Hosting.Resolve;
using Aspire.Hosting.Run;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Run;

public sealed class EndpointProxyTests : IAsyncDisposable
{
    private readonly int _port = PortLedger.Next();
    private readonly List<TcpListener> _servers = [];
    private readonly List<int> _targets = [];
    private EndpointProxy? _proxy;

    [Fact]
    public async Task Connect_SeveralServers_TakesThemInTurn()
    {
        var (one, two) = (AddServer(), AddServer());
        Open();

        await ExchangeAsync(one, "1");
        await ExchangeAsync(two, "2");
        await ExchangeAsync(one, "3");
    }

    [Fact]
    public async Task Connect_ServerThatRefuses_GoesToTheNext()
    {
        _targets.Add(PortLedger.Next());
        var server = AddServer();
        Open();

        await ExchangeAsync(server, "1");
        await ExchangeAsync(server, "2");
    }

    [Fact]
    public async Task Connect_OverIPv6_IsServedToo()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "No IPv6 on this machine.");
        var server = AddServer();
        Open();

        await ExchangeAsync(server, "1", IPAddress.IPv6Loopback);
    }

    [Fact]
    public async Task Connect_NoServer_IsReset()
    {
        Open();

        // A quick reset is seen by the connect already.
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var client = await ConnectAsync();
            await client.ReceiveAsync(new byte[1], Limit.Token);
        });

        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task Targets_Changed_CountForTheNextConnection()
    {
        var one = AddServer();
        Open();
        await ExchangeAsync(one, "1");

        _targets.Clear();
        var two = AddServer();

        await ExchangeAsync(two, "2");
        await ExchangeAsync(two, "3");
    }

    [Fact]
    public async Task HalfClose_ClientHasSentEverything_StillGetsItsAnswer()
    {
        var server = AddServer();
        Open();
        using var client = await ConnectAsync();
        using var accepted = await server.AcceptSocketAsync(Limit.Token);

        await client.SendAsync("question"u8.ToArray(), Limit.Token);
        client.Shutdown(SocketShutdown.Send);
        var question = await ReadToEndAsync(accepted);
        await accepted.SendAsync("answer"u8.ToArray(), Limit.Token);
        accepted.Shutdown(SocketShutdown.Send);

        Assert.Equal(("question", "answer"), (question, await ReadToEndAsync(client)));
    }

    [Fact]
    public async Task Abort_OneSide_ReachesTheOther()
    {
        var server = AddServer();
        Open();
        using var client = await ConnectAsync();
        var accepted = await server.AcceptSocketAsync(Limit.Token);

        accepted.LingerState = new LingerOption(true, 0);
        accepted.Dispose();

        await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1], Limit.Token).AsTask());
    }

    [Fact]
    public async Task Backpressure_ServerDoesNotRead_ClientCannotWriteOn()
    {
        const int Much = 256 * 1024 * 1024;
        var server = AddServer();
        Open();
        using var client = await ConnectAsync();
        using var accepted = await server.AcceptSocketAsync(Limit.Token);

        // Whatever the kernel's buffers hold is far less.
        var (sent, block) = (0L, new byte[64 * 1024]);
        client.Blocking = false;
        while (sent < Much && client.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectWrite))
        {
            sent += client.Send(block);
        }

        Assert.InRange(sent, 1, Much - 1);
        client.Shutdown(SocketShutdown.Send);
        var received = 0L;
        for (int count; (count = await accepted.ReceiveAsync(block, Limit.Token)) > 0;)
        {
            received += count;
        }

        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Connections_MoreThanAllowed_WaitForAPlace()
    {
        var server = AddServer();
        Open(maxConnections: 1);
        var first = await ConnectAsync();
        var served = await server.AcceptSocketAsync(Limit.Token);
        using var second = await ConnectAsync();
        var next = server.AcceptSocketAsync(Limit.Token).AsTask();
        await first.SendAsync("x"u8.ToArray(), Limit.Token);
        await served.ReceiveAsync(new byte[1], Limit.Token);
        Assert.False(next.IsCompleted);

        first.Dispose();
        served.Dispose();

        using var servedNext = await next;
    }

    [Fact]
    public async Task Dispose_OpenConnections_EndsThemAndFreesThePort()
    {
        var server = AddServer();
        Open();
        using var client = await ConnectAsync();
        using var accepted = await server.AcceptSocketAsync(Limit.Token);

        await _proxy!.DisposeAsync().AsTask().WaitAsync(Limit.Token);
        _proxy = null;

        Assert.True(await HasEndedAsync(client));

        // A process that another test starts at this moment holds our sockets until it has become its program.
        await Limit.EventuallyAsync(() => Listeners.OwnerOf(_port) is null, "a free port");
    }

    public async ValueTask DisposeAsync()
    {
        _servers.ForEach(s => s.Dispose());
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }
    }

    private TcpListener AddServer()
    {
        var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        _servers.Add(server);
        _targets.Add(((IPEndPoint)server.LocalEndpoint).Port);
        return server;
    }

    private void Open(int maxConnections = 100) => _proxy = new EndpointProxy(anyAddress: false, _port, () => [.. _targets], maxConnections);

    private async Task<Socket> ConnectAsync(IPAddress? address = null)
    {
        address ??= IPAddress.Loopback;
        var client = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(address, _port), Limit.Token);
        return client;
    }

    private async Task ExchangeAsync(TcpListener server, string text, IPAddress? address = null)
    {
        using var client = await ConnectAsync(address);
        using var accepted = await server.AcceptSocketAsync(Limit.Token);
        await client.SendAsync(Encoding.ASCII.GetBytes(text), Limit.Token);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(text, await ReadToEndAsync(accepted));
    }

    private static async Task<bool> HasEndedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], Limit.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        var (text, buffer) = (new StringBuilder(), new byte[100]);
        for (int count; (count = await socket.ReceiveAsync(buffer, Limit.Token)) > 0;)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
