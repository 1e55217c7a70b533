using System.Net;
using System.Net.Sockets;
using Platform.Faults;
using Platform.Faults.Processes;

namespace Platform.AppHost.Faults;

/// <summary>
/// Connecting to a company takes until the caller's time-out, as behind a firewall that drops packets: its process is frozen and the queue
/// of connections that it has not accepted is full, so that the kernel drops what wants to join.
/// </summary>
internal sealed class CompanyUnreachable(string company, string usersFeel)
    : Fault(
        company,
        new FaultText(
            "unreachable",
            "Unreachable",
            "GlobeProhibited",
            usersFeel,
            "Client spans end with a connect time-out and no status code, never with 'refused'; the breaker opens. The "
                + "company has no log line of it."
        )
    )
{
    // Kestrel's backlog is 512; what it had not accepted before it stopped counts too.
    private const int Backlog = 1_024;
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromMilliseconds(300);

    public override bool EndsWithResource => true;

    public override Task<IReadOnlyList<UndoStep>> PlanUndoAsync(FaultTarget target, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<UndoStep>>([SignalUndo.Of(target.ProcessId())]);

    public override async Task<IAsyncDisposable?> InjectAsync(
        FaultTarget target,
        IReadOnlyList<UndoStep> undo,
        CancellationToken cancellationToken
    )
    {
        var address = target.Endpoint("http");
        await Signals.StopAsync(undo.OfType<SignalUndo>().Single().ProcessId, cancellationToken);
        var queued = new QueuedConnections();
        try
        {
            // Full as soon as one more is not accepted in time.
            while (queued.Count < Backlog && await queued.TryAddAsync(address, ConnectLimit, cancellationToken)) { }

            return queued.Count < Backlog
                ? queued
                : throw new FaultException($"{Resource} still accepts connections after {Backlog} of them.");
        }
        catch
        {
            await queued.DisposeAsync();
            throw;
        }
    }

    private sealed class QueuedConnections : IAsyncDisposable
    {
        // Bounded by Backlog.
        private readonly List<Socket> _sockets = [];

        public int Count => _sockets.Count;

        public async Task<bool> TryAddAsync(Uri address, TimeSpan limit, CancellationToken cancellationToken)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            _sockets.Add(socket);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            ended.CancelAfter(limit);
            try
            {
                await socket.ConnectAsync(new DnsEndPoint(address.Host, address.Port), ended.Token);
                return true;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return false;
            }
        }

        public ValueTask DisposeAsync()
        {
            _sockets.ForEach(socket => socket.Dispose());
            return ValueTask.CompletedTask;
        }
    }
}
