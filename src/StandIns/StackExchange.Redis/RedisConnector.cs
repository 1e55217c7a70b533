using System.Net;
using System.Net.Sockets;

namespace StackExchange.Redis;

/// <summary>Opens a connection and introduces this client: password, name, database.</summary>
internal static class RedisConnector
{
    public static async Task<RedisConnection> OpenAsync(
        ConfigurationOptions options, EndPoint endPoint, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ConnectTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        RedisConnection? connection = null;
        try
        {
            await socket.ConnectAsync(endPoint, limit.Token);

            // Four unanswered time-outs in a row are a dead peer; never less than a second, whatever the time-out.
            var maxSilence = TimeSpan.FromMilliseconds(Math.Max(4L * options.AsyncTimeout, 1000));
            connection = new RedisConnection(socket, maxSilence);
            await ShakeHandsAsync(connection, options, limit.Token);
            return connection;
        }
        catch (Exception exception)
        {
            socket.Dispose();
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            var where = EndPointCollection.Format(endPoint);
            throw exception switch
            {
                OperationCanceledException when cancellationToken.IsCancellationRequested => exception,
                OperationCanceledException => new RedisConnectionException(
                    ConnectionFailureType.UnableToConnect, $"Redis at {where} did not answer within {options.ConnectTimeout} ms."),
                RedisConnectionException failure => new RedisConnectionException(
                    failure.FailureType, $"Redis at {where}: {failure.Message}", failure),
                _ => new RedisConnectionException(
                    ConnectionFailureType.UnableToConnect, $"Redis at {where} cannot be reached.", exception),
            };
        }
    }

    private static async Task ShakeHandsAsync(
        RedisConnection connection, ConfigurationOptions options, CancellationToken cancellationToken)
    {
        if (options.Password is { Length: > 0 } password)
        {
            await ExpectAsync(options.User is { Length: > 0 } user ? new("AUTH", user, password) : new("AUTH", password));
        }

        if (options.ClientName is { Length: > 0 } name)
        {
            await ExpectAsync(new("CLIENT", "SETNAME", name));
        }

        if (options.DefaultDatabase is { } database and > 0)
        {
            await ExpectAsync(new("SELECT", (RedisValue)database));
        }

        // Without a password AUTH is not sent: this is where a server that wants one, or is still loading, says so.
        await ExpectAsync(new("PING"));

        async Task ExpectAsync(RespCommand command)
        {
            var reply = await connection.SendAsync(command, Timeout.InfiniteTimeSpan, cancellationToken);
            if (reply is ErrorResult { Message: var message })
            {
                var type = message.Split(' ')[0] switch
                {
                    "NOAUTH" or "WRONGPASS" => ConnectionFailureType.AuthenticationFailure,
                    "LOADING" => ConnectionFailureType.Loading,
                    _ when command.Name == "AUTH" => ConnectionFailureType.AuthenticationFailure,
                    _ => ConnectionFailureType.UnableToConnect,
                };

                // Of AUTH only the code: a server that does not know the command quotes its arguments.
                var text = command.Name == "AUTH" ? message.Split(' ')[0] : message;
                throw new RedisConnectionException(type, $"{command.Name} was refused: {text}");
            }
        }
    }
}
