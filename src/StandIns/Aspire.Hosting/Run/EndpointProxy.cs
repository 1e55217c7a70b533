using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Run;

/// <summary>One public port in front of several processes: each connection goes to the next one that accepts it.</summary>
internal sealed class EndpointProxy : IAsyncDisposable
{
    // Each holds two buffers; further ones wait, most of them in the kernel's queue.
    private const int MaxConnections = 1_000;

    private const int Backlog = 512;
    private const int BufferSize = 32 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly Func<IReadOnlyList<int>> _targets;
    private readonly List<Socket> _listeners = [];
    private readonly int _maxConnections;
    private readonly SemaphoreSlim _free;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _turn = -1;

    /// <summary>Listens at once; <paramref name="targets"/> is asked for the ports of running processes with every connection.</summary>
    public EndpointProxy(bool anyAddress, int port, Func<IReadOnlyList<int>> targets, int maxConnections = MaxConnections)
    {
        (_targets, _maxConnections, _free) = (targets, maxConnections, new SemaphoreSlim(maxConnections));
        try
        {
            Listen(anyAddress ? IPAddress.Any : IPAddress.Loopback, port);
            if (Socket.OSSupportsIPv6)
            {
                Listen(anyAddress ? IPAddress.IPv6Any : IPAddress.IPv6Loopback, port);
            }
        }
        catch (SocketException)
        {
            _listeners.ForEach(l => l.Dispose());
            throw;
        }

        _accepting = Task.WhenAll(_listeners.Select(AcceptAsync));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listeners.ForEach(l => l.Dispose());
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Every connection gives its place back when it has ended.
        for (var i = 0; i < _maxConnections; i++)
        {
            await _free.WaitAsync().ConfigureAwait(false);
        }

        _free.Dispose();
        _stop.Dispose();
    }

    private void Listen(IPAddress address, int port)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listeners.Add(listener);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            listener.DualMode = false;
        }

        listener.Bind(new IPEndPoint(address, port));
        listener.Listen(Backlog);
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // The client went away in the queue, or this process has no file left: both pass.
                await Task.Delay(AcceptPause, _stop.Token).ConfigureAwait(false);
                continue;
            }

            try
            {
                await _free.WaitAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                client.Dispose();
                throw;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using (client)
            using (var server = await ConnectAsync().ConfigureAwait(false))
            {
                if (server is null)
                {
                    Reset(client);
                    return;
                }

                (client.NoDelay, server.NoDelay) = (true, true);
                await Task.WhenAll(PumpAsync(client, server), PumpAsync(server, client)).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The client was gone before it was served, or the application stops.
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>A socket to the next process in turn, or the first after it that accepts. Null when none does.</summary>
    private async Task<Socket?> ConnectAsync()
    {
        var ports = _targets();
        var first = (uint)Interlocked.Increment(ref _turn);
        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[(int)((first + i) % ports.Count)];
            foreach (var address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
            {
                var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                limit.CancelAfter(ConnectTimeout);
                try
                {
                    await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token).ConfigureAwait(false);
                    return socket;
                }
                catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !_stop.IsCancellationRequested))
                {
                    // Not listening yet, or not any more: the next one.
                    socket.Dispose();
                }
            }
        }

        return null;
    }

    /// <summary>Copies one direction to its end and passes the end on; the other direction may go on. It reads only what it has sent.</summary>
    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int count; (count = await from.ReceiveAsync(buffer, SocketFlags.None, _stop.Token).ConfigureAwait(false)) > 0;)
            {
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None, _stop.Token).ConfigureAwait(false);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side broke off: the other learns it the same way, and the other direction ends too.
            Reset(from);
            Reset(to);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Reset(Socket socket) => socket.Close(timeout: 0);
}
