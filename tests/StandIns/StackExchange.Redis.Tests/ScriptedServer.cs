using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StackExchange.Redis.Tests;

/// <summary>Answers the handshake's PING properly, and every later request with the bytes it was given.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private int _connections;

    public ScriptedServer(string reply)
    {
        _listener.Start();
        _running = RunAsync(Encoding.ASCII.GetBytes(reply));
    }

    public int Connections => _connections;

    public ConfigurationOptions Options => new()
    {
        EndPoints = { { "127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port } },
        AbortOnConnectFail = false,
    };

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task RunAsync(byte[] reply)
    {
        var request = new byte[4096];
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
            _connections++;
            var next = "+PONG\r\n"u8.ToArray();
            try
            {
                while (await client.GetStream().ReadAsync(request, _stopping.Token) > 0)
                {
                    await client.GetStream().WriteAsync(next, _stopping.Token);
                    next = reply;
                }
            }
            catch (IOException)
            {
                // The client hung up on a malformed reply; it will come again.
            }
        }
    }
}
