using Npgsql;

namespace Platform.AppHost;

/// <summary>A database and the login that owns it; no service can reach another's.</summary>
internal sealed record ServiceDatabase(
    IResourceBuilder<PostgresServerResource> Server,
    IResourceBuilder<PostgresDatabaseResource> Database,
    ReferenceExpression ConnectionString
);

internal static class ServiceDatabases
{
    public static ServiceDatabase AddServiceDatabase(this IResourceBuilder<PostgresServerResource> postgres, string name, string login)
    {
        var password = postgres.ApplicationBuilder.AddParameter(
            $"{name}-password",
            new GenerateParameterDefault { MinLength = 22, Special = false },
            secret: true,
            persist: true
        );
        var database = postgres.AddDatabase(name);

        // After the server's own handler, which creates the databases.
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
        return new ServiceDatabase(
            postgres,
            database,
            ReferenceExpression.Create($"Host={host};Port={port};Username={login};Password={password};Database={name}")
        );
    }

    /// <summary>
    /// Gives a service its own database, by its own login, and starts it when that is there. That is when the server is ready, whose
    /// handlers create databases and logins; the health check of a database is repeated at growing intervals, and would say so later.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithDatabase(
        this IResourceBuilder<ProjectResource> project,
        ServiceDatabase database
    ) =>
        project
            .WithEnvironment($"ConnectionStrings__{database.Database.Resource.Name}", database.ConnectionString)
            .WithReferenceRelationship(database.Database)
            .WaitFor(database.Server);

    private static async Task CreateLoginAsync(
        NpgsqlDataSource source,
        string database,
        string login,
        string password,
        CancellationToken cancellationToken
    )
    {
        // DDL takes no parameters; format() quotes names and the password. A login of an earlier run (data volume) gets this run's
        // password.
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
