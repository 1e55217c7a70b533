using System.Net;
using System.Net.Sockets;

namespace Platform.Shop.Tests.Support;

/// <summary>A port whose queue of connections is full: one more is neither accepted nor refused, as at a host behind a firewall that drops.</summary>
internal sealed class FullListener : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _waiting = [];

    private FullListener()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}");

    public static async Task<FullListener> StartAsync()
    {
        var listener = new FullListener();
        for (var i = 0; i < 16; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener._waiting.Add(socket);
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
            try
            {
                await socket.ConnectAsync(listener._listener.LocalEndPoint!, limit.Token);
            }
            catch (OperationCanceledException)
            {
                // Full, as it shall be.
                return listener;
            }
        }

        throw new InvalidOperationException("The queue of connections took 16 of them.");
    }

    public void Dispose()
    {
        _waiting.ForEach(socket => socket.Dispose());
        _listener.Dispose();
    }
}
