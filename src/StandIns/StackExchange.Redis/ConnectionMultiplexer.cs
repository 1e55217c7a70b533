using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace StackExchange.Redis;

/// <summary>
/// Keeps one connection open, in the background and for ever. There is no backlog: without a connection a command fails at
/// once, so that the caller's fallback is not delayed.
/// </summary>
public sealed partial class ConnectionMultiplexer : IConnectionMultiplexer
{
    private const string RealPackage = "Build with StandIns=false: this needs the package StackExchange.Redis itself.";

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(2);

    private readonly ConfigurationOptions _options;
    private readonly EndPoint _endPoint;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource<RedisConnectionException?> _firstAttempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private volatile RedisConnection? _connection;
    private volatile RedisConnectionException? _failure;

    private ConnectionMultiplexer(ConfigurationOptions options)
    {
        _options = options;
        _endPoint = options.EndPoints[0];
        _logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger<ConnectionMultiplexer>();

        // Without this the connection would for ever belong to the trace of the request that asked for it first.
        using (ExecutionContext.SuppressFlow())
        {
            _running = Task.Run(StayConnectedAsync);
        }
    }

    /// <inheritdoc/>
    public bool IsConnected => _connection is not null;

    /// <summary>Waits for the first attempt; when that fails, throws or (AbortOnConnectFail=false) goes on in the background.</summary>
    public static Task<ConnectionMultiplexer> ConnectAsync(string configuration, TextWriter? log = null)
        => ConnectAsync(ConfigurationOptions.Parse(configuration), log);

    /// <summary>Waits for the first attempt; when that fails, throws or (AbortOnConnectFail=false) goes on in the background.</summary>
    public static async Task<ConnectionMultiplexer> ConnectAsync(ConfigurationOptions configuration, TextWriter? log = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration.EndPoints.Count == 0)
        {
            throw new ArgumentException("No endpoints specified.", nameof(configuration));
        }

        if (configuration.Ssl || configuration.EndPoints.Count > 1 || log is not null)
        {
            throw new NotSupportedException($"TLS, several endpoints or a text log. {RealPackage}");
        }

        var multiplexer = new ConnectionMultiplexer(configuration.Clone());
        if (await multiplexer._firstAttempt.Task is { } failure && configuration.AbortOnConnectFail)
        {
            await multiplexer.DisposeAsync();
            throw failure;
        }

        return multiplexer;
    }

    /// <summary>As <see cref="ConnectAsync(string, TextWriter?)"/>.</summary>
    public static ConnectionMultiplexer Connect(string configuration, TextWriter? log = null)
        => ConnectAsync(configuration, log).GetAwaiter().GetResult();

    /// <summary>As <see cref="ConnectAsync(ConfigurationOptions, TextWriter?)"/>.</summary>
    public static ConnectionMultiplexer Connect(ConfigurationOptions configuration, TextWriter? log = null)
        => ConnectAsync(configuration, log).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public IDatabase GetDatabase(int db = -1, object? asyncState = null)
    {
        var database = _options.DefaultDatabase ?? 0;
        return (db == -1 || db == database) && asyncState is null
            ? new RedisDatabase(this, database)
            : throw new NotSupportedException($"A database other than DefaultDatabase, or asyncState. {RealPackage}");
    }

    /// <inheritdoc/>
    public void Close(bool allowCommandsToComplete = true) => CloseAsync(allowCommandsToComplete).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public async Task CloseAsync(bool allowCommandsToComplete = true)
    {
        if (Interlocked.Exchange(ref _connection, null) is { } connection && allowCommandsToComplete)
        {
            try
            {
                // Replies come in order: the one to this PING is the last.
                await connection.SendAsync(new("PING"), CommandTimeout(), CancellationToken.None);
            }
            catch (Exception exception) when (exception is RedisConnectionException or RedisTimeoutException)
            {
                LogClosedWithoutAnswers(exception);
            }
        }

        await _closing.CancelAsync();
        await _running;
    }

    /// <inheritdoc/>
    public void Dispose() => Close(allowCommandsToComplete: false);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(CloseAsync(allowCommandsToComplete: false));

    internal async Task<RedisResult> ExecuteAsync(RespCommand command)
    {
        using var activity = RedisTelemetry.Start(command, _options.DefaultDatabase ?? 0, _endPoint);
        try
        {
            ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
            var connection = _connection ?? throw NotConnected(command);
            activity.SetPeer(connection.RemoteEndPoint);
            var reply = await connection.SendAsync(command, CommandTimeout(), CancellationToken.None);
            return reply is ErrorResult error ? throw new RedisServerException(error.Message) : reply;
        }
        catch (Exception exception)
        {
            activity.Fail(exception);
            throw;
        }
    }

    private TimeSpan CommandTimeout() => TimeSpan.FromMilliseconds(_options.AsyncTimeout);

    private RedisConnectionException NotConnected(RespCommand command)
    {
        var failure = _failure;
        return new(
            failure?.FailureType ?? ConnectionFailureType.UnableToConnect,
            $"{command.Name} was not sent: no connection to Redis at {EndPointCollection.Format(_endPoint)}.",
            failure);
    }

    private async Task StayConnectedAsync()
    {
        var where = EndPointCollection.Format(_endPoint);
        var delay = FirstDelay;
        try
        {
            while (true)
            {
                var started = Stopwatch.GetTimestamp();
                _failure = await ConnectOnceAsync(where, _closing.Token);

                // A server that accepts and closes at once is no success, and must not be called in a tight loop.
                delay = Stopwatch.GetElapsedTime(started) > MaxDelay ? FirstDelay : delay;
                await Task.Delay(delay, _closing.Token);
                delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay;
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            _firstAttempt.TrySetCanceled();
        }
    }

    /// <summary>Connects and returns, when it is over, why.</summary>
    private async Task<RedisConnectionException> ConnectOnceAsync(string where, CancellationToken cancellationToken)
    {
        RedisConnection connection;
        try
        {
            connection = await RedisConnector.OpenAsync(_options, _endPoint, cancellationToken);
        }
        catch (RedisConnectionException exception)
        {
            // One warning an outage, not one an attempt.
            LogNotConnected(_failure is null ? LogLevel.Warning : LogLevel.Debug, exception, where);
            _firstAttempt.TrySetResult(exception);
            return exception;
        }

        _connection = connection;
        _firstAttempt.TrySetResult(null);
        LogConnected(where);
        using var closing = cancellationToken.Register(() => _ = connection.DisposeAsync().AsTask());
        var failure = await connection.Completion;
        _connection = null;
        cancellationToken.ThrowIfCancellationRequested();
        LogConnectionLost(failure, where);
        return failure;
    }

    [LoggerMessage(EventId = 9301, Level = LogLevel.Information, Message = "Connected to Redis at {Server}")]
    private partial void LogConnected(string server);

    [LoggerMessage(EventId = 9302, Level = LogLevel.Warning, Message = "Lost the connection to Redis at {Server}; reconnecting in the background")]
    private partial void LogConnectionLost(Exception exception, string server);

    [LoggerMessage(EventId = 9303, Message = "No connection to Redis at {Server}; trying again in the background")]
    private partial void LogNotConnected(LogLevel level, Exception exception, string server);

    [LoggerMessage(EventId = 9304, Level = LogLevel.Warning, Message = "Closed the connection to Redis before every command was answered")]
    private partial void LogClosedWithoutAnswers(Exception exception);
}
