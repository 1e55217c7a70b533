using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Platform.Infrastructure.Switches;
using Platform.ServiceDefaults;

namespace Platform.Shop.Tests;

/// <summary>Switches and settings that change while a service runs, from the file that only its AppHost names.</summary>
public sealed class SwitchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("switches-").FullName;

    private string File => Path.Combine(_folder, "orders.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task File_ThatChanges_TurnsSwitchesOnAndOffAndChangesLogLevelAndTime()
    {
        await using var app = Create("Development");
        var switches = app.Services.GetRequiredService<Switches>();
        var time = app.Services.GetRequiredService<TimeProvider>();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Npgsql.Command");
        Assert.False(switches.IsOn("x-14"));
        Assert.False(logger.IsEnabled(LogLevel.Debug));

        Write("""{"Switches:x-14": "2.5", "Switches:x-34": "7", "Logging:LogLevel:Npgsql.Command": "Debug"}""");
        await Eventually.TrueAsync(() => switches.IsOn("x-14"), "the switch is on");

        Assert.Equal(2.5, switches.Amount("x-14"));
        Assert.InRange(time.GetUtcNow() - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(6.9), TimeSpan.FromMinutes(7.1));
        await Eventually.TrueAsync(() => logger.IsEnabled(LogLevel.Debug), "the level is debug");

        Write("{}");
        await Eventually.TrueAsync(() => !switches.IsOn("x-14"), "the switch is off");
        Assert.InRange(time.GetUtcNow() - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("1@{0}", 1)]
    [InlineData("3@{0}", 3)]
    [InlineData("1@2026.01.01-0000000", 0)]
    [InlineData("yes", 0)]
    [InlineData("", 0)]
    public async Task Switch_OfARelease_IsOnInThatReleaseAlone(string value, double amount)
    {
        await using var app = Create("Development");
        var release = app.Services.GetRequiredService<ServiceIdentity>().Release;
        var text = value.Replace("{0}", release, StringComparison.Ordinal);
        Write($$"""{"Switches:x-41": "{{text}}", "Switches:x-1": "1"}""");
        var switches = app.Services.GetRequiredService<Switches>();
        await Eventually.TrueAsync(() => switches.IsOn("x-1"), "the file is read");

        Assert.Equal(amount, switches.Amount("x-41"));
    }

    [Fact]
    public async Task File_InProduction_IsIgnored()
    {
        Write("""{"Switches:x-14": "1", "Switches:x-34": "7", "Logging:LogLevel:Default": "Debug"}""");

        await using var app = Create("Production");

        Assert.False(app.Services.GetRequiredService<Switches>().IsOn("x-14"));
        Assert.IsNotType<ShiftedTime>(app.Services.GetService<TimeProvider>());
        Assert.False(app.Services.GetRequiredService<ILogger<SwitchTests>>().IsEnabled(LogLevel.Debug));
        Assert.DoesNotContain(app.Services.GetServices<IHostedService>(), service => service is ResourceUse);
    }

    private WebApplication Create(string environment)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?> { ["Settings:File"] = File, ["Logging:LogLevel:Default"] = "Information" }
        );
        builder.AddServiceDefaults();
        builder.AddSwitches();
        return builder.Build();
    }

    // As the AppHost writes it.
    private void Write(string json)
    {
        System.IO.File.WriteAllText($"{File}.new", json);
        System.IO.File.Move($"{File}.new", File, overwrite: true);
    }
}
