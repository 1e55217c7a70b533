using System.ComponentModel;
using System.Text;
using System.Text.Json.Serialization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using StackExchange.Redis;

namespace Platform.Faults;

/// <summary>
/// One thing to do to undo a fault, with all that it needs: a later AppHost reads it when the one that wrote it was killed. Doing it twice,
/// or where nothing was injected, changes nothing; what it would undo may be gone, and then it has nothing to do.
/// </summary>
[JsonDerivedType(typeof(HttpUndo), "http")]
[JsonDerivedType(typeof(SqlUndo), "sql")]
[JsonDerivedType(typeof(RedisUndo), "redis")]
[JsonDerivedType(typeof(SignalUndo), "signal")]
[JsonDerivedType(typeof(JsonFileUndo), "file")]
[JsonDerivedType(typeof(CommandUndo), "command")]
[JsonDerivedType(typeof(ProgramUndo), "program")]
[JsonDerivedType(typeof(DropMessageUndo), "message")]
public abstract record UndoStep
{
    /// <param name="run">Services of the AppHost that injected it; null for a later one, and when it ends itself.</param>
    /// <param name="cancellationToken">Bounds it.</param>
    /// <exception cref="FaultException">It is there and could not be undone.</exception>
    public abstract Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken);
}

/// <summary>A request that sets something back.</summary>
public sealed record HttpUndo(string Method, Uri Address, IReadOnlyDictionary<string, string> Headers, string? Body) : UndoStep
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public override async Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync(cancellationToken);
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.ConnectionError)
        {
            // The process is gone, and what was set in it too.
        }
    }

    /// <summary>Sends it. Injecting needs somebody there; undoing does not.</summary>
    /// <exception cref="FaultException">It was refused.</exception>
    /// <exception cref="HttpRequestException">There is nobody.</exception>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = Timeout };
        using var request = new HttpRequestMessage(new HttpMethod(Method), Address);
        request.Content = Body is null ? null : new StringContent(Body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new FaultException(
                $"{Method} {Address.AbsolutePath}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}"
            );
        }
    }
}

/// <summary>Statements, each in a transaction of its own.</summary>
public sealed record SqlUndo(string ConnectionString, IReadOnlyList<string> Statements) : UndoStep
{
    private const int TimeoutSeconds = 25;

    public override async Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString)
        {
            Pooling = false,
            Timeout = 5,
            CommandTimeout = TimeoutSeconds,
        };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
        }
        catch (NpgsqlException exception) when (exception.InnerException is System.Net.Sockets.SocketException)
        {
            // The server is gone. One that is stopped keeps what was changed in it, so that it is tried again in the run that did it.
            if (run is not null)
            {
                throw new FaultException("PostgreSQL does not answer.", exception);
            }

            return;
        }

        foreach (var statement in Statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}

/// <summary>Commands of Redis, each with its arguments.</summary>
public sealed record RedisUndo(string ConnectionString, IReadOnlyList<IReadOnlyList<string>> Commands) : UndoStep
{
    private const int ConnectMilliseconds = 2_000;

    public override async Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken)
    {
        try
        {
            var options = ConfigurationOptions.Parse(ConnectionString);
            (options.AllowAdmin, options.ConnectRetry, options.ConnectTimeout) = (true, 1, ConnectMilliseconds);
            await using var redis = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(cancellationToken);
            foreach (var command in Commands)
            {
                await redis.GetDatabase().ExecuteAsync(command[0], [.. command.Skip(1)]).WaitAsync(cancellationToken);
            }
        }
        catch (RedisConnectionException)
        {
            // The server is gone, and its settings, which were never written to its file, too.
        }
    }
}

/// <summary>SIGCONT to a process, if it is still the one that was meant.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: ids are given again.</param>
public sealed record SignalUndo(int ProcessId, long StartTicks) : UndoStep
{
    /// <exception cref="FaultException">There is no such process.</exception>
    public static SignalUndo Of(int processId) =>
        new(processId, Processes.Signals.StartTicksOf(processId) ?? throw new FaultException($"Process {processId} ended just now."));

    public override Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken)
    {
        if (Processes.Signals.StartTicksOf(ProcessId) == StartTicks)
        {
            Processes.Signals.Send(ProcessId, Processes.Signals.Continue);
        }

        return Task.CompletedTask;
    }
}

/// <summary>Sets a value of a JSON file of the run back; null removes it. The file goes with the run.</summary>
public sealed record JsonFileUndo(string Path, string Key, string? Value) : UndoStep
{
    public override Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken)
    {
        if (File.Exists(Path))
        {
            new JsonFile(Path).Set(Key, Value);
        }

        return Task.CompletedTask;
    }
}

/// <summary>A command of a resource, such as start; when it runs already, there is nothing to start. Resources go with the run.</summary>
public sealed record CommandUndo(string ResourceId, string Command) : UndoStep
{
    public override async Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken)
    {
        if (
            run is null
            || (
                Command == KnownResourceCommands.StartCommand
                && run.GetRequiredService<ResourceNotificationService>().TryGetCurrentState(ResourceId, out var current)
                && !KnownResourceStates.TerminalStates.Contains(current.Snapshot.State?.Text)
            )
        )
        {
            return;
        }

        var result = await run.GetRequiredService<ResourceCommandService>().ExecuteCommandAsync(ResourceId, Command, cancellationToken);
        if (!result.Success)
        {
            throw new FaultException($"{Command} of {ResourceId} failed: {result.Message}");
        }
    }
}

/// <summary>A program of a server, such as rabbitmqctl.</summary>
public sealed record ProgramUndo(string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)
    : UndoStep
{
    public override async Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken)
    {
        try
        {
            await Processes.Programs.RunAsync(Program, Arguments, Environment, cancellationToken);
        }
        catch (Exception exception) when (run is null && exception is FaultException or Win32Exception)
        {
            // The server went with its run.
        }
    }
}

/// <summary>
/// Takes the message of one application out of a queue, or out of its dead letters, and leaves all others. While a consumer has it in hand
/// it is in neither.
/// </summary>
public sealed record DropMessageUndo(Uri Broker, string Queue, string DeadLetters, string AppId) : UndoStep
{
    // A queue that holds more before it keeps the message.
    private const int MaxLooked = 1_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public override async Task ApplyAsync(IServiceProvider? run, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await new ConnectionFactory { Uri = Broker }.CreateConnectionAsync(cancellationToken);

            // Once: what is looked at counts as delivered, and a queue has a limit of deliveries. Dead letters have none.
            if (await DropAsync(connection, Queue, cancellationToken))
            {
                return;
            }

            // An AppHost that ends waits for no consumer.
            var patience = run is null ? TimeSpan.Zero : Patience;
            for (var waited = TimeSpan.Zero; !await DropAsync(connection, DeadLetters, cancellationToken); waited += Pause)
            {
                if (waited >= patience)
                {
                    throw new FaultException($"A consumer of {Queue} has the message in hand.");
                }

                await Task.Delay(Pause, cancellationToken);
            }
        }
        catch (BrokerUnreachableException) when (run is null)
        {
            // The broker went with its run, and the message with it.
        }
    }

    private async Task<bool> DropAsync(IConnection connection, string queue, CancellationToken cancellationToken)
    {
        // What is not acknowledged goes back when the channel closes.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            for (var looked = 0; looked < MaxLooked; looked++)
            {
                if (await channel.BasicGetAsync(queue, autoAck: false, cancellationToken) is not { } message)
                {
                    return false;
                }

                if (message.BasicProperties.AppId == AppId)
                {
                    await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
                    return true;
                }
            }
        }
        catch (OperationInterruptedException)
        {
            // There is no such queue, at this moment.
        }

        return false;
    }
}
