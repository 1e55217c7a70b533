using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Platform.Tests.Support;

/// <summary>Stands between a client and a broker, and can keep back what the broker says while the connection stays open.</summary>
public sealed class AmqpProxy : IAsyncDisposable
{
    // AMQP 0-9-1, 2.3: type, channel and size in front of a frame, and an octet at its end.
    private const int HeaderSize = 7;
    private const int EndSize = 1;
    private const byte MethodFrame = 1;

    // basic.ack, which a broker sends as a confirm.
    private const uint Confirm = (60u << 16) | 80;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly string _host;
    private readonly int _port;
    private readonly Task _accepting;

    // How many the broker may still send before it falls silent; no limit while it is null.
    private int? _confirmsLeft;

    public AmqpProxy(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Nothing more is heard of the broker after its next confirm.</summary>
    public void SilentAfterNextConfirm() => Set(1);

    public void Speak() => Set(null);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private void Set(int? confirms)
    {
        lock (_gate)
        {
            _confirmsLeft = confirms;
        }
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                running.Add(ForwardAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception exception) when (_stop.IsCancellationRequested && exception is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        using (client)
        using (var broker = new TcpClient())
        {
            try
            {
                await broker.ConnectAsync(_host, _port, _stop.Token);
                await Task.WhenAny(
                    client.GetStream().CopyToAsync(broker.GetStream(), _stop.Token),
                    CopyFramesAsync(broker.GetStream(), client.GetStream())
                );
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // One side went: the other is closed too.
            }
        }
    }

    private async Task CopyFramesAsync(NetworkStream from, NetworkStream to)
    {
        var frame = new byte[HeaderSize];
        while (true)
        {
            await from.ReadExactlyAsync(frame.AsMemory(0, HeaderSize), _stop.Token);
            var length = HeaderSize + BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(3)) + EndSize;
            if (frame.Length < length)
            {
                Array.Resize(ref frame, length);
            }

            await from.ReadExactlyAsync(frame.AsMemory(HeaderSize, length - HeaderSize), _stop.Token);
            if (IsHeard(frame.AsSpan(0, length)))
            {
                await to.WriteAsync(frame.AsMemory(0, length), _stop.Token);
            }
        }
    }

    private bool IsHeard(ReadOnlySpan<byte> frame)
    {
        lock (_gate)
        {
            if (_confirmsLeft == 0)
            {
                return false;
            }

            if (
                _confirmsLeft is not null
                && frame[0] == MethodFrame
                && BinaryPrimitives.ReadUInt32BigEndian(frame[HeaderSize..]) == Confirm
            )
            {
                _confirmsLeft--;
            }

            return true;
        }
    }
}
