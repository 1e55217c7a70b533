using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace StackExchange.Redis;

/// <summary>
/// One TCP connection, pipelined: replies come in the order of the commands. A command that timed out keeps its place in
/// that order, so that its late reply goes nowhere and never to the next one.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private const int MaxUnanswered = 10_000;
    private const long MaxUnansweredBytes = 64 * 1024 * 1024;
    private const int BatchBytes = 64 * 1024;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly RespReader _reader;
    private readonly TimeSpan _maxSilence;
    private readonly CancellationTokenSource _closing = new();

    // Both bounded by MaxUnanswered; a command beyond it is refused.
    private readonly Channel<Pending> _outgoing = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });
    private readonly ConcurrentQueue<Pending> _sent = new();
    private int _unanswered;
    private long _unansweredBytes;

    /// <param name="socket">Connected; from here on this object's.</param>
    /// <param name="maxSilence">How long the oldest command may go without any byte from the server.</param>
    public RedisConnection(Socket socket, TimeSpan maxSilence)
    {
        _socket = socket;
        _stream = new NetworkStream(socket);
        _reader = new RespReader(_stream);
        _maxSilence = maxSilence;
        RemoteEndPoint = socket.RemoteEndPoint as IPEndPoint;
        Completion = Task.Run(RunAsync);
    }

    public IPEndPoint? RemoteEndPoint { get; }

    /// <summary>Why the connection ended, when it has.</summary>
    public Task<RedisConnectionException> Completion { get; }

    /// <summary>The reply, an error reply included.</summary>
    public async Task<RedisResult> SendAsync(RespCommand command, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var pending = new Pending(command);
        var unanswered = Interlocked.Increment(ref _unanswered);
        var unansweredBytes = Interlocked.Add(ref _unansweredBytes, pending.Length);
        if (unanswered > MaxUnanswered || unansweredBytes > MaxUnansweredBytes)
        {
            Release(pending);
            throw new RedisConnectionException(
                ConnectionFailureType.InternalFailure,
                $"{command.Name} was not sent: {MaxUnanswered} commands or {MaxUnansweredBytes} bytes wait for their answers.");
        }

        if (!_outgoing.Writer.TryWrite(pending))
        {
            Release(pending);
            throw Copy(await Completion);
        }

        try
        {
            return await pending.Task.WaitAsync(timeout, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            if (!pending.TrySetCanceled(CancellationToken.None))
            {
                // The answer came in this very moment.
                return await pending.Task;
            }

            if (exception is TimeoutException)
            {
                throw new RedisTimeoutException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{command.Name} was not answered within {timeout.TotalMilliseconds} ms; {unanswered} command(s) were waiting."),
                    pending.SentAt == 0 ? CommandStatus.WaitingToBeSent : CommandStatus.Sent);
            }

            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Completion;
    }

    private async Task<RedisConnectionException> RunAsync()
    {
        Task[] loops = [ReadAsync(), WriteAsync(), WatchSilenceAsync()];
        var ended = await Task.WhenAny(loops);
        var reason = ended.Exception?.InnerException switch
        {
            null => new RedisConnectionException(ConnectionFailureType.ConnectionDisposed, "The connection to Redis was closed."),
            RedisConnectionException failure => failure,
            var failure => new RedisConnectionException(ConnectionFailureType.SocketFailure, "The connection to Redis broke.", failure),
        };

        _outgoing.Writer.Complete();
        await _closing.CancelAsync();
        await _stream.DisposeAsync();
        _socket.Dispose();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        while (_sent.TryDequeue(out var pending) || _outgoing.Reader.TryRead(out pending))
        {
            Release(pending);
            pending.TrySetException(Copy(reason));
        }

        return reason;
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            var reply = await _reader.ReadAsync(_closing.Token);
            if (!_sent.TryDequeue(out var pending))
            {
                throw new RedisConnectionException(ConnectionFailureType.ProtocolFailure, "The Redis server answered without a question.");
            }

            Release(pending);
            pending.TrySetResult(reply);
        }
    }

    private async Task WriteAsync()
    {
        while (await _outgoing.Reader.WaitToReadAsync(_closing.Token))
        {
            var batch = new ArrayBufferWriter<byte>(1024);
            while (batch.WrittenCount < BatchBytes && _outgoing.Reader.TryRead(out var pending))
            {
                if (pending.Task.IsCompleted)
                {
                    // It timed out before it was sent: nobody expects it to be run any more.
                    Release(pending);
                    continue;
                }

                pending.Command.WriteTo(batch);
                pending.SentAt = Stopwatch.GetTimestamp();
                _sent.Enqueue(pending);
            }

            await _stream.WriteAsync(batch.WrittenMemory, _closing.Token);
        }
    }

    // A peer that vanished sends neither data nor an end; the kernel would notice after a quarter of an hour.
    private async Task WatchSilenceAsync()
    {
        using var timer = new PeriodicTimer(_maxSilence / 4);
        while (await timer.WaitForNextTickAsync(_closing.Token))
        {
            if (_sent.TryPeek(out var oldest)
                && Stopwatch.GetElapsedTime(Math.Max(oldest.SentAt, _reader.LastHeard)) > _maxSilence)
            {
                throw new RedisConnectionException(
                    ConnectionFailureType.SocketFailure,
                    string.Create(CultureInfo.InvariantCulture, $"Redis has not answered for {_maxSilence.TotalSeconds} s."));
            }
        }
    }

    private void Release(Pending pending)
    {
        Interlocked.Decrement(ref _unanswered);
        Interlocked.Add(ref _unansweredBytes, -pending.Length);
    }

    // One exception object thrown to many callers would collect all their stack traces.
    private static RedisConnectionException Copy(RedisConnectionException reason)
        => new(reason.FailureType, reason.Message, reason.InnerException);

    private sealed class Pending(RespCommand command)
        : TaskCompletionSource<RedisResult>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public RespCommand Command => command;

        public long Length { get; } = command.Length;

        /// <summary>A timestamp of <see cref="Stopwatch"/>; 0 until it is written.</summary>
        public long SentAt { get; set; }
    }
}
