using System.Net;
using System.Net.Sockets;

namespace Platform.Shop.Tests.Support;

/// <summary>
/// A port whose queue of connections is full: one more is neither accepted nor refused, as at a host behind a firewall that drops.
/// </summary>
internal sealed class FullListener : IDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(300);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _waiting = [];

    private FullListener()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}");

    public static FullListener Start()
    {
        var listener = new FullListener();
        for (var i = 0; i < 16; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener._waiting.Add(socket);
            socket.Blocking = false;
            try
            {
                socket.Connect(listener._listener.LocalEndPoint!);
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // Under way: what the kernel says after a while holds, however late it is asked.
                if (!socket.Poll(Wait, SelectMode.SelectWrite))
                {
                    return listener;
                }
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
