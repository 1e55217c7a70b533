using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Xunit;

namespace Aspire.Clients.Tests;

public sealed class NpgsqlTests
{
    [Fact]
    public void AddNpgsqlDataSource_EverySourceOfSettings_TheLaterWins()
    {
        Assert.Equal("section", Database(("Aspire:Npgsql:ConnectionString", "Host=h;Database=section")));
        Assert.Equal("named", Database(
            ("Aspire:Npgsql:ConnectionString", "Host=h;Database=section"),
            ("Aspire:Npgsql:ordersdb:ConnectionString", "Host=h;Database=named")));
        Assert.Equal("connection", Database(
            ("Aspire:Npgsql:ordersdb:ConnectionString", "Host=h;Database=named"),
            ("ConnectionStrings:ordersdb", "Host=h;Database=connection")));

        var builder = TestHost.Create(("ConnectionStrings:ordersdb", "Host=h;Database=connection"));
        builder.AddNpgsqlDataSource(
            "ordersdb",
            settings => settings.ConnectionString += ";Application Name=delegate",
            dataSource => dataSource.ConnectionStringBuilder.Timeout = 3);
        using var services = builder.Services.BuildServiceProvider();
        var connectionString = services.GetRequiredService<NpgsqlDataSource>().ConnectionString;
        Assert.Contains("Application Name=delegate", connectionString, StringComparison.Ordinal);
        Assert.Contains("Timeout=3", connectionString, StringComparison.Ordinal);

        static string Database(params (string, string?)[] configuration)
        {
            var builder = TestHost.Create(configuration);
            builder.AddNpgsqlDataSource("ordersdb");
            using var services = builder.Services.BuildServiceProvider();
            using var connection = services.GetRequiredService<NpgsqlConnection>();
            return connection.Database;
        }
    }

    [Fact]
    public void AddKeyedNpgsqlDataSource_TwoNames_AreTwoDataSources()
    {
        var builder = TestHost.Create(("ConnectionStrings:a", "Host=h;Database=first"), ("ConnectionStrings:b", "Host=h;Database=second"));

        builder.AddKeyedNpgsqlDataSource("a");
        builder.AddKeyedNpgsqlDataSource("b", settings => settings.DisableHealthChecks = true);

        using var services = builder.Services.BuildServiceProvider();
        Assert.Equal("first", services.GetRequiredKeyedService<NpgsqlConnection>("a").Database);
        Assert.Equal("second", services.GetRequiredKeyedService<NpgsqlConnection>("b").Database);
        Assert.Null(services.GetService<NpgsqlDataSource>());
        Assert.Equal(["PostgreSql_a"], builder.HealthCheckNames());
    }

    [Fact]
    public void AddNpgsqlDataSource_NoConnectionString_ThrowsWhenResolvedAndNamesTheKeys()
    {
        var builder = TestHost.Create();

        builder.AddNpgsqlDataSource("ordersdb");

        using var services = builder.Services.BuildServiceProvider();
        var exception = Assert.Throws<InvalidOperationException>(services.GetRequiredService<NpgsqlDataSource>);
        Assert.Contains("'ConnectionStrings:ordersdb'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("'Aspire:Npgsql:ordersdb'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddNpgsqlDataSource_Twice_RegistersOneHealthCheck()
    {
        var builder = TestHost.Create();

        builder.AddNpgsqlDataSource("a");
        builder.AddNpgsqlDataSource("b");

        Assert.Equal(["PostgreSql"], builder.HealthCheckNames());
    }
}
