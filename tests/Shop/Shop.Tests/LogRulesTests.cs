using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Platform.Infrastructure.Data;
using Platform.ServiceDefaults;

namespace Platform.Shop.Tests;

/// <summary>What may be logged at all, and what is logged where.</summary>
public sealed class LogRulesTests
{
    private static readonly TimeSpan BuildTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Staging is there to see what production will show: what it left out, nobody would have tried.</summary>
    [Theory]
    [InlineData("Development", true)]
    [InlineData("Staging", false)]
    [InlineData("Production", false)]
    public async Task Levels_OfAnEnvironment_HaveDebugInDevelopmentOnly(string environment, bool debug)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.AddServiceDefaults();
        await using var app = builder.Build();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Platform.Orders");

        Assert.Equal((debug, true), (logger.IsEnabled(LogLevel.Debug), logger.IsEnabled(LogLevel.Information)));
    }

    /// <summary>For loggers and for Sentry, whose provider is asked for everything.</summary>
    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Information, false)]
    [InlineData("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.Error, true)]
    [InlineData("Microsoft.Extensions.Diagnostics.HealthChecks.DefaultHealthCheckService", LogLevel.Error, false)]
    [InlineData("Polly", LogLevel.Critical, false)]
    [InlineData("Platform.Orders.PlaceOrder", LogLevel.Debug, true)]
    public void Categories_OfOthers_AreHeardFromTheirLevelOn(string category, LogLevel level, bool isHeard) =>
        Assert.Equal(isHeard, LogRules.IsHeard(category, level));

    /// <summary>With angle brackets for braces, or this file itself would not build.</summary>
    [Theory]
    [InlineData("""[LoggerMessage(Level = LogLevel.Information, Message = "signed in with <AccessToken>")]""", false)]
    [InlineData("""logger.LogWarning("mail to <email> came back", address);""", false)]
    [InlineData("""logger.LogInformation($"card <cardNumber:N>");""", false)]
    [InlineData("""[LoggerMessage(Level = LogLevel.Information, Message = "signed in as <UserId>")]""", true)]
    [InlineData("""logger.LogInformation("<Count> tokens were given out", count);""", true)]
    public async Task Build_OfALogStatement_FailsWhereAPlaceholderNamesASecret(string statement, bool builds)
    {
        var project = Directory.CreateTempSubdirectory("log-rule-").FullName;
        try
        {
            await File.WriteAllTextAsync(
                Path.Combine(project, "Probe.csproj"),
                $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
                  <Import Project="{RepositoryRoot()}/Directory.Build.targets" />
                </Project>
                """,
                TestContext.Current.CancellationToken
            );
            await File.WriteAllTextAsync(
                Path.Combine(project, "Probe.cs"),
                statement.Replace('<', '{').Replace('>', '}'),
                TestContext.Current.CancellationToken
            );

            var (exitCode, output) = await BuildAsync(project);

            Assert.True(builds == (exitCode == 0), output);
            Assert.Equal(!builds, output.Contains("A log statement names a secret", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(project, recursive: true);
        }
    }

    [Fact]
    public void PoolWatch_PoolIsNearlyUsedUp_WarnsOnceUntilItHasRecovered()
    {
        var lines = new CountingLogger();
        using var watch = new PoolWatch(TimeProvider.System, lines);

        foreach (var used in new[] { 10, 33, 34, 40, 38, 20, 35 })
        {
            watch.Judge(used, max: 40);
        }

        Assert.Equal(
            ["connection pool: 34 of 40 connections are in use", "connection pool: 35 of 40 connections are in use"],
            lines.Messages
        );
    }

    private static async Task<(int ExitCode, string Output)> BuildAsync(string project)
    {
        using var limit = new CancellationTokenSource(BuildTimeout);
        using var build = Process.Start(
            new ProcessStartInfo("dotnet", ["msbuild", project, "-t:RefuseSecretsInLogs", "-nologo", "-nodeReuse:false"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var errors = build.StandardError.ReadToEndAsync(limit.Token);
        var output = await build.StandardOutput.ReadToEndAsync(limit.Token);
        await build.WaitForExitAsync(limit.Token);
        return (build.ExitCode, output + await errors);
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Platform.sln is not above the tests.");
        }

        return folder.FullName;
    }

    private sealed class CountingLogger : ILogger<PoolWatch>
    {
        public List<string> Messages { get; } = [];

        public IDisposable BeginScope<TState>(TState state)
            where TState : notnull => NullLogger.Instance.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Messages.Add(formatter(state, exception));
    }
}
