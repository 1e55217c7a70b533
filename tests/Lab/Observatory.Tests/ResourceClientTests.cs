using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Tests;

public sealed class ResourceClientTests
{
    [Fact]
    public async Task Resources_NoAddress_SayWhatWouldFillThePage()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var browser = new ResourceBrowser(process);

        var page = await browser.GetAsync("/resources");
        var list = await process.GetJsonAsync("/api/resources");

        Assert.Contains("No resources yet", page, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/resources\" aria-current=\"page\">", page, StringComparison.Ordinal);
        Assert.Contains("Observatory:ResourceServiceUrl", page, StringComparison.Ordinal);
        Assert.Equal(("NotConfigured", 0), ((string?)list["connection"]!["state"], (int)list["totalCount"]!));
    }

    [Fact]
    public async Task Start_AddressThatIsNone_SaysWhichSetting()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ObservatoryProcess.StartAsync("--Observatory:ResourceServiceUrl=localhost:20888"));

        Assert.Contains("Observatory:ResourceServiceUrl must be an http or https address.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_AppHostAway_ObservatoryStartsAndSaysWhyThereIsNothing()
    {
        await using var process = await ObservatoryProcess.StartAsync($"--Observatory:ResourceServiceUrl=http://127.0.0.1:{FreePort()}");
        var browser = new ResourceBrowser(process);

        var list = await browser.UntilAsync(seen => ((string?)seen["connection"]!["reason"])!.Contains("refused", StringComparison.OrdinalIgnoreCase));
        var page = await browser.GetAsync("/resources");

        Assert.Equal("Connecting", (string?)list["connection"]!["state"]);
        Assert.Contains("The AppHost has not answered yet", page, StringComparison.Ordinal);
        Assert.Contains("refused", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Watch_WrongKey_SaysWhatTheAppHostSaid()
    {
        await using var server = await ResourceServer.StartAsync(ResourceModel.Service("orders", "a"));
        await using var process = await ObservatoryProcess.StartAsync($"--Observatory:ResourceServiceUrl={server.Address}", "--Observatory:ResourceServiceApiKey=other");

        var list = await new ResourceBrowser(process).UntilAsync(seen => (string?)seen["connection"]!["reason"] == "The key is wrong.");

        Assert.Equal("Connecting", (string?)list["connection"]!["state"]);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0 }, "The answer ends inside a message.")]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, "The answer is compressed, which was not asked for.")]
    [InlineData(new byte[] { 0, 255, 255, 255, 255 }, "A message of the answer is too large.")]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 0x0A, 0x7F }, "A message of the answer cannot be read.")]
    public async Task Watch_AnswerThatIsNone_IsSaidAndTriedAgain(byte[] garbage, string reason)
    {
        await using var server = await ResourceServer.StartAsync("http://127.0.0.1:0", web => new ResourceServer(web) { Garbage = garbage });
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);

        await new ResourceBrowser(process).UntilAsync(seen => (string?)seen["connection"]!["reason"] == reason);
    }

    [Fact]
    public async Task Watch_Changes_ReplaceAndRemoveWhatWasKnown()
    {
        await using var server = await ResourceServer.StartAsync(ResourceModel.Service("orders", "a", "Starting"), ResourceModel.Service("worker", "b"));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilAsync(seen => (int)seen["totalCount"]! == 2);

        server.Change(ResourceModel.Service("orders", "a", health: HealthStatus.Healthy));
        server.Delete("worker-b");

        var list = await browser.UntilAsync(seen => (int)seen["totalCount"]! == 1);
        var orders = Assert.Single(list["resources"]!.AsArray())!;
        Assert.Equal(("orders-a", "Running", "healthy"), ((string?)orders["name"], (string?)orders["state"], (string?)orders["health"]));
    }

    [Fact]
    public async Task Watch_AppHostGoesAndComesBack_KeepsWhatWasKnownThenShowsWhatIs()
    {
        var server = await ResourceServer.StartAsync(ResourceModel.Service("orders", "a"), ResourceModel.Service("worker", "b"));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);
        await browser.UntilAsync(seen => (int)seen["totalCount"]! == 2);

        await server.DisposeAsync();
        var away = await browser.UntilAsync(seen => (string?)seen["connection"]!["state"] == "Lost");
        var page = await browser.GetAsync("/resources");
        await using var next = await ResourceServer.StartAsync(server.Address, web => new ResourceServer(web) { Resources = [ResourceModel.Service("orders", "c")] });
        var back = await browser.UntilConnectedAsync();

        Assert.Equal(2, (int)away["totalCount"]!);
        Assert.Contains("The AppHost does not answer", page, StringComparison.Ordinal);
        Assert.Contains("this is what was known last", page, StringComparison.Ordinal);
        Assert.Equal("orders-c", (string?)Assert.Single(back["resources"]!.AsArray())!["name"]);
    }

    [Fact]
    public async Task Watch_MoreResourcesThanAreKept_SaysHowManyWereLeftOut()
    {
        await using var server = await ResourceServer.StartAsync([.. Enumerable.Range(0, 2_010).Select(index => ResourceModel.Service("r" + index, "a"))]);
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = new ResourceBrowser(process);

        var list = await browser.UntilConnectedAsync();
        var page = await browser.GetAsync("/resources?search=r2");

        Assert.Equal((2_000, 10), ((int)list["totalCount"]!, (int)list["leftOut"]!));
        Assert.Contains("10 more are too many to be kept", page, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
