using Npgsql;

namespace Platform.AppHost;

internal static class ServiceDatabases
{
    /// <summary>
    /// Gives a service its own database and a login that owns it: no service can reach another's. The service waits for the server, whose
    /// handlers create databases and logins; a database's own health check is retried at growing intervals and would turn healthy later.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithDatabase(
        this IResourceBuilder<ProjectResource> service,
        IResourceBuilder<PostgresServerResource> postgres,
        string name
    )
    {
        var login = service.Resource.Name;
        var password = service.ApplicationBuilder.AddParameter(
            $"{name}-password",
            new GenerateParameterDefault { MinLength = 22, Special = false },
            secret: true,
            persist: true
        );
        var database = postgres.AddDatabase(name);

        // Runs after the server's own handler, which creates the databases.
        postgres.OnResourceReady(
            async (server, _, cancellationToken) =>
            {
                var connectionString = await server.GetConnectionStringAsync(cancellationToken);
                await using var source = NpgsqlDataSource.Create($"{connectionString};Database=postgres");
                await CreateLoginAsync(source, name, login, (await password.Resource.GetValueAsync(cancellationToken))!, cancellationToken);
            }
        );

        var endpoint = postgres.Resource.PrimaryEndpoint;
        var host = endpoint.Property(EndpointProperty.Host);
        var port = endpoint.Property(EndpointProperty.Port);
        var connectionString = ReferenceExpression.Create($"Host={host};Port={port};Username={login};Password={password};Database={name}");
        return service
            .WithEnvironment($"ConnectionStrings__{name}", connectionString)
            .WithReferenceRelationship(database)
            .WaitFor(postgres);
    }

    private static async Task CreateLoginAsync(
        NpgsqlDataSource source,
        string database,
        string login,
        string password,
        CancellationToken cancellationToken
    )
    {
        // DDL takes no parameters; format() quotes names and the password. An existing login (data volume) gets this run's password.
        await using var command = source.CreateCommand(
            """
            SELECT format(
                       CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = $1) THEN 'ALTER' ELSE 'CREATE' END
                           || ' ROLE %I LOGIN PASSWORD %L',
                       $1, $2),
                   format('ALTER DATABASE %I OWNER TO %I', $3, $1),
                   format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $3)
            """
        );
        foreach (var value in new[] { login, password, database })
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        string[] statements = [reader.GetString(0), reader.GetString(1), reader.GetString(2)];
        await reader.CloseAsync();
        foreach (var statement in statements)
        {
            await using var ddl = source.CreateCommand(statement);
            await ddl.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
