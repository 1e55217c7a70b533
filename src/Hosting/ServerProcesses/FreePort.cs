using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Platform.ServerProcesses;

/// <summary>Ports for servers without a fixed one; each is handed out once.</summary>
public static class FreePort
{
    // A server binds its port seconds after it was handed out. Outgoing connections take theirs from the ephemeral range, and Aspire's
    // orchestrator gives 20000 to 32767 to what it starts: below both nobody else takes it meanwhile.
    private const int First = 10000;
    private const int Last = 19999;

    // Shared by all applications in this process; bounded by the range.
    private static readonly HashSet<int> Given = [];

    /// <summary>A port between 10000 and 19999 that is free and was not handed out before.</summary>
    /// <exception cref="InvalidOperationException">No free port was found.</exception>
    public static int Next()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, Last + 1);
            lock (Given)
            {
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
        }

        throw new InvalidOperationException($"No free port between {First} and {Last}.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            // In use; the caller tries another.
            return false;
        }
    }
}
