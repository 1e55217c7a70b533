using Microsoft.AspNetCore.Builder;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Analyzers;
using Platform.Infrastructure.Data;
using Platform.ServiceDefaults;
using Platform.Shop.Tests.Support;

namespace Platform.Shop.Tests;

/// <summary>What may be logged at all, and what is logged where.</summary>
public sealed class LogRulesTests
{
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

    [Theory]
    [InlineData(
        """[LoggerMessage(Level = LogLevel.Information, Message = "signed in with <AccessToken>")] partial void F(int id);""",
        false
    )]
    [InlineData("""[LoggerMessage(1, LogLevel.Information, "signed in " + "with <@apiKey>")] partial void F(int id);""", false)]
    [InlineData("""[LoggerMessage(Level = LogLevel.Information, Message = "signed in")] partial void F(string password);""", false)]
    [InlineData("""void F() => logger.LogWarning("mail to <email> came back", address);""", false)]
    [InlineData("""void F() => logger.LogWarning("mail to <Address> came back", user.Email);""", false)]
    [InlineData("""void F() => logger.LogInformation($"card <cardNumber:N>");""", false)]
    [InlineData("""void F() => logger.LogInformation($"card <card.Number>");""", false)]
    [InlineData("""void F() => logger.BeginScope("cookie <Cookie>", sent);""", false)]
    [InlineData(
        """[LoggerMessage(Level = LogLevel.Information, Message = "signed in as <UserId>")] partial void F(string userId);""",
        true
    )]
    [InlineData("""void F() => logger?.LogWarning("mail to <User>", user?.Email);""", false)]
    [InlineData("""void F() => logger.LogWarning("mail to <User>", user.Email!.Trim());""", false)]
    [InlineData("""void F() => logger.LogWarning("mail to <User>", (object)email ?? "nobody");""", false)]
    [InlineData("""double F(int tokenCount) => System.Math.Log(tokenCount);""", true)]
    [InlineData("""void F() => logger.LogInformation("<Count> tokens were given out", tokens.Count);""", true)]
    [InlineData("""void F() => client.Send("<token>", token);""", true)]
    public async Task Build_OfALogStatement_FailsWhereItNamesASecret(string statement, bool builds)
    {
        // With angle brackets for braces, or this file itself would not build. The other half of a log method is generated.
        var member = statement.Replace('<', '{').Replace('>', '}');
        var generated = member.StartsWith('[')
            ? $"[System.CodeDom.Compiler.GeneratedCode(\"\", \"\")] {member[member.IndexOf("partial", StringComparison.Ordinal)..^1]} {{ }}"
            : "";
        var compilation = CSharpCompilation
            .Create("Probe", [Parse("Probe.cs", member), Parse("Probe.g.cs", generated)])
            .AddReferences(MetadataReference.CreateFromFile(typeof(object).Assembly.Location))
            .WithAnalyzers([new SecretInLogAnalyzer()]);

        var found = await compilation.GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);

        Assert.Equal(builds ? [] : ["PLATFORM001"], found.Select(diagnostic => diagnostic.Id).Distinct());
        Assert.All(found, diagnostic => Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity));
    }

    private static SyntaxTree Parse(string path, string member) =>
        CSharpSyntaxTree.ParseText($"partial class Probe {{ {member} }}", path: path);

    [Fact]
    public void PoolWatch_PoolIsNearlyUsedUp_WarnsOnceUntilItHasRecovered()
    {
        using var lines = new Lines();
        using var loggers = new LoggerFactory([lines]);
        using var watch = new PoolWatch(TimeProvider.System, loggers.CreateLogger<PoolWatch>());

        foreach (var used in new[] { 10, 33, 34, 40, 38, 20, 35 })
        {
            watch.Check(used, max: 40);
        }

        Assert.Equal(
            ["connection pool: 34 of 40 connections are in use", "connection pool: 35 of 40 connections are in use"],
            lines.All.Select(line => line.Message)
        );
    }
}
