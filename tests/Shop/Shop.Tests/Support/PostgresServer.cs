using System.Diagnostics;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Platform.Infrastructure.Data;
using Platform.ServerProcesses;

[assembly: AssemblyFixture(typeof(Platform.Shop.Tests.Support.PostgresServer))]

namespace Platform.Shop.Tests.Support;

/// <summary>A PostgreSQL server of these tests alone, started when the first of them needs it and gone with the process.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Lazy<Task<string>> _started;
    private string? _folder;
    private Process? _process;

    public PostgresServer() => _started = new Lazy<Task<string>>(StartAsync);

    /// <summary>An empty database with the schema of these services.</summary>
    internal async Task<Database> CreateDatabaseAsync(params Assembly[] schemas)
    {
        if (FindProgram("initdb") is null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("PLATFORM_REQUIRE_DEPS") == "1", "PostgreSQL is not installed.");
            Assert.Fail("PostgreSQL is not installed, and PLATFORM_REQUIRE_DEPS=1.");
        }

        var server = await _started.Value;
        var name = $"t{Guid.NewGuid():N}";
        await using var admin = NpgsqlDataSource.Create(server);
        await using var command = admin.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var database = new Database(new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString, schemas);
        await database.ApplyAsync();
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            // The shell waits for this, and then stops the server.
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(StartTimeout);
            _process.Dispose();
        }

        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task<string> StartAsync()
    {
        // The server refuses to run as root.
        var asServer = Environment.IsPrivilegedProcess ? "setpriv --reuid=postgres --regid=postgres --clear-groups --" : "";
        _folder = Directory.CreateTempSubdirectory("shop-tests-").FullName;
        var port = FreePort.Next();
        var data = Path.Combine(_folder, "data");
        const string settings = "-c max_connections=200 -c shared_buffers=32MB -c dynamic_shared_memory_type=mmap -c logging_collector=off";
        var script = $"""
            {(Environment.IsPrivilegedProcess ? $"chown postgres '{_folder}'" : "true")} && cd '{_folder}' &&
            {asServer} '{FindProgram(
                "initdb"
            )}' -D '{data}' -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-instructions --no-sync >/dev/null || exit 1
            {asServer} '{FindProgram(
                "postgres"
            )}' -D '{data}' -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
              {settings} >'{_folder}/log' 2>&1 &
            pid=$!
            cat >/dev/null
            kill -INT $pid
            wait $pid
            """;
        _process = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardInput = true, Environment = { ["HOME"] = _folder } }
        )!;
        var connection =
            $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres;Timeout=30;Command Timeout=60;Maximum Pool Size=40";
        var started = Stopwatch.GetTimestamp();
        await using var server = NpgsqlDataSource.Create(connection);
        while (true)
        {
            try
            {
                await using var opened = await server.OpenConnectionAsync();
                return connection;
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(started) < StartTimeout && !_process.HasExited)
            {
                // It is starting.
                await Task.Delay(50);
            }
        }
    }

    // The versioned folders first: what PATH finds may be a wrapper that starts a cluster of its own.
    private static string? FindProgram(string name) =>
        (
            Directory.Exists("/usr/lib/postgresql")
                ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(folder => folder, StringComparer.Ordinal)
                : Enumerable.Empty<string>()
        )
            .Select(folder => Path.Combine(folder, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => Path.Combine(folder, name))
            // A link may be left of one that was uninstalled.
            .FirstOrDefault(path => File.Exists(path) && File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists != false);
}

/// <summary>A test's own database.</summary>
internal sealed class Database(string connectionString, Assembly[] schemas) : IAsyncDisposable
{
    public string ConnectionString => connectionString;

    public NpgsqlDataSource Source { get; } = NpgsqlDataSource.Create(connectionString);

    /// <summary>A schema that is applied, for what waits for it.</summary>
    public DatabaseSchema Schema { get; private set; } = null!;

    public async Task ApplyAsync()
    {
        Schema = new DatabaseSchema(Source, schemas, NullLogger<DatabaseSchema>.Instance);
        await Schema.StartAsync(TestContext.Current.CancellationToken);
        await Schema
            .WaitUntilAppliedAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
    }

    public async Task<int> ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)(
            await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is { } value and not DBNull ? value : default(T)!
        );
    }

    /// <summary>
    /// Notes how long a row of the table waits after each failure that is counted in it: it may be over when a test looks.
    /// </summary>
    public Task<int> NoteFailuresAsync(string table) =>
        ExecuteAsync(
            $"""
            CREATE TABLE noted_failures (failures integer, wait interval, leased boolean, parked boolean);
            CREATE FUNCTION note_failure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO noted_failures
                    VALUES (NEW.failures, NEW.next_attempt_at - now(), NEW.lease_until IS NOT NULL, NEW.parked_at IS NOT NULL);
                RETURN NEW;
            END $$;
            CREATE TRIGGER note_failure AFTER UPDATE OF failures ON {table} FOR EACH ROW EXECUTE FUNCTION note_failure();
            """
        );

    public async ValueTask DisposeAsync()
    {
        Schema.Dispose();
        await Source.DisposeAsync();
    }
}
