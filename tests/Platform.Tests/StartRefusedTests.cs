using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>What a person must change before anything starts is one sentence on the console, and the AppHost ends.</summary>
public sealed class StartRefusedTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("--Ports=fee", "Ports=fee is not known; leave it out or say Ports=free.")]
    [InlineData("--Telemetry=direkt", "Telemetry=direkt is not known; leave it out or say Telemetry=direct.")]
    [InlineData("--Alerts:ChatUrl=hooks.example", "Alerts:ChatUrl is no address that begins with http:// or https://.")]
    [InlineData("--Alerts:MailTo=team@platform.localhost", "Alerts:MailTo needs Alerts:MailServer, the host and port of a mail server.")]
    [InlineData("--Alerts:MailServer=localhost:25", "Alerts:MailServer needs Alerts:MailTo, whom it writes to.")]
    [InlineData("--Alerts:PagerUrl=http://localhost", "Alerts:PagerUrl needs Alerts:PagerKey, the key of an integration.")]
    [InlineData(
        "--Prometheus:Interval=0",
        "Prometheus:Interval=0 is not known; leave it out or say Prometheus:Interval= and seconds, 1 to 300."
    )]
    public async Task AppHost_WithAWrongSetting_NamesItAndEnds(string argument, string reason)
    {
        var (exitCode, output) = await AppHostProgram.RunAsync([argument], Cancellation, ("ASPNETCORE_URLS", "http://localhost:0"));

        Assert.NotEqual(0, exitCode);
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AppHost_WhoseOwnPortIsTaken_NamesWhoHasIt()
    {
        using var owner = new TcpListener(IPAddress.Loopback, 0);
        owner.Start();
        var port = ((IPEndPoint)owner.LocalEndpoint).Port;

        var (exitCode, output) = await AppHostProgram.RunAsync(
            [],
            Cancellation,
            ("ASPNETCORE_URLS", string.Create(CultureInfo.InvariantCulture, $"http://localhost:0;http://localhost:{port}"))
        );

        Assert.NotEqual(0, exitCode);
        Assert.Contains($"Port {port} of Aspire (ASPNETCORE_URLS) is taken by ", output, StringComparison.Ordinal);
        Assert.Contains($"(pid {Environment.ProcessId}). End it, or start with -- --Ports=free.", output, StringComparison.Ordinal);
    }
}
