using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class ServerConnectionTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create();
    private readonly IResourceBuilder<ParameterResource> _password;

    public ServerConnectionTests() => _password = _builder.AddParameter("password", "p@ss/w", secret: true);

    [Fact]
    public async Task Postgres_Server_GivesConnectionStringAndProperties()
    {
        var server = _builder.AddPostgres("pg", password: _password, port: 5433);

        var environment = await _builder.AddSleep("web").WithReference(server).EnvironmentAsync();

        Assert.Equal("Host=localhost;Port=5433;Username=postgres;Password=p@ss/w", environment["ConnectionStrings__pg"]);
        Assert.Equal("localhost", environment["PG_HOST"]);
        Assert.Equal("5433", environment["PG_PORT"]);
        Assert.Equal("postgres", environment["PG_USERNAME"]);
        Assert.Equal("p@ss/w", environment["PG_PASSWORD"]);
        Assert.Equal("postgresql://postgres:p%40ss%2Fw@localhost:5433", environment["PG_URI"]);
        Assert.Equal("jdbc:postgresql://localhost:5433", environment["PG_JDBCCONNECTIONSTRING"]);
    }

    [Fact]
    public async Task Postgres_Database_AddsItsNameToTheServers()
    {
        var database = _builder.AddPostgres("pg", password: _password, port: 5433).AddDatabase("orders-db", "orders");

        var environment = await _builder.AddSleep("web").WithReference(database).EnvironmentAsync();

        Assert.Equal("Host=localhost;Port=5433;Username=postgres;Password=p@ss/w;Database=orders", environment["ConnectionStrings__orders-db"]);
        Assert.Equal("5433", environment["ORDERS_DB_PORT"]);
        Assert.Equal("orders", environment["ORDERS_DB_DATABASENAME"]);
        Assert.Equal("postgresql://postgres:p%40ss%2Fw@localhost:5433/orders", environment["ORDERS_DB_URI"]);
        Assert.Equal("jdbc:postgresql://localhost:5433/orders", environment["ORDERS_DB_JDBCCONNECTIONSTRING"]);
    }

    [Fact]
    public async Task Postgres_EmptyConnectionName_GivesPropertiesWithoutPrefix()
    {
        var server = _builder.AddPostgres("pg", password: _password, port: 5433);

        var environment = await _builder.AddSleep("web").WithReference(server, connectionName: "").EnvironmentAsync();

        Assert.Equal("5433", environment["PORT"]);
    }

    [Fact]
    public async Task Redis_WithPassword_GivesConnectionStringAndProperties()
    {
        var redis = _builder.AddRedis("cache", 6380, _password);

        var environment = await _builder.AddSleep("web").WithReference(redis).EnvironmentAsync();

        Assert.Equal("localhost:6380,password=p@ss/w", environment["ConnectionStrings__cache"]);
        Assert.Equal("localhost", environment["CACHE_HOST"]);
        Assert.Equal("6380", environment["CACHE_PORT"]);
        Assert.Equal("p@ss/w", environment["CACHE_PASSWORD"]);
        Assert.Equal("redis://:p%40ss%2Fw@localhost:6380", environment["CACHE_URI"]);
    }

    [Fact]
    public async Task RabbitMQ_DefaultUser_ConnectionStringIsTheUri()
    {
        var broker = _builder.AddRabbitMQ("broker", password: _password, port: 5673);

        var environment = await _builder.AddSleep("web").WithReference(broker).EnvironmentAsync();

        Assert.Equal("amqp://guest:p%40ss%2Fw@localhost:5673", environment["ConnectionStrings__broker"]);
        Assert.Equal("guest", environment["BROKER_USERNAME"]);
        Assert.Equal("amqp://guest:p%40ss%2Fw@localhost:5673", environment["BROKER_URI"]);
    }

    [Fact]
    public void RabbitMQ_ManagementPlugin_AddsItsEndpointAndImage()
    {
        var broker = _builder.AddRabbitMQ("broker").WithManagementPlugin();

        Assert.Equal(15672, broker.Resource.ManagementEndpoint.TargetPort);
        Assert.Equal("4.3-management", broker.Resource.Annotations.OfType<ContainerImageAnnotation>().Single().Tag);
    }

    [Fact]
    public void Servers_Endpoints_AreNamedTcpAndHaveTheirCheck()
    {
        IResourceWithEndpoints[] servers = [_builder.AddPostgres("pg").Resource, _builder.AddRedis("cache").Resource, _builder.AddRabbitMQ("broker").Resource];

        Assert.Equal([5432, 6379, 5672], servers.Select(s => s.GetEndpoint("tcp").TargetPort!.Value));
        Assert.Equal(["pg_check", "cache_check", "broker_check"], servers.Select(s => s.Annotations.OfType<HealthCheckAnnotation>().Single().Key));
    }

    [Fact]
    public void Database_HealthChecks_IncludeTheServers()
    {
        var database = _builder.AddPostgres("pg").AddDatabase("ordersdb").Resource;

        Assert.True(database.TryGetAnnotationsIncludingAncestorsOfType<HealthCheckAnnotation>(out var checks));
        Assert.Equal(["ordersdb_check", "pg_check"], checks.Select(c => c.Key));
    }

    [Fact]
    public void DataVolume_WithoutName_IsTheSameInEveryRunOfTheAppHost()
    {
        var redis = _builder.AddRedis("cache").WithDataVolume().Resource;

        var mount = redis.Annotations.OfType<ContainerMountAnnotation>().Single();

        Assert.Equal("/data", mount.Target);
        Assert.Equal($"aspire.hosting.tests-{_builder.Configuration["AppHost:Sha256"]![..10].ToLowerInvariant()}-cache-data", mount.Source);
    }

    [Fact]
    public async Task Redis_DataVolume_ImpliesSnapshots()
    {
        var redis = _builder.AddRedis("cache").WithDataVolume();

        Assert.Equal(["--save", "60", "1"], (await redis.ResolveAsync()).Arguments);
    }
}
