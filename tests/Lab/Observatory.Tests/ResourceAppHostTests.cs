using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Platform.Observatory.Tests;

/// <summary>The same against an AppHost in this process, with processes of its own.</summary>
public sealed class ResourceAppHostTests
{
    [Fact]
    public async Task Resource_OfAnAppHost_IsShownWithItsConsoleAndMaskedEnvironment()
    {
        var builder = CreateBuilder();
        builder.AddExecutable("api", "sh", "/", "-c", "printf '\\033[31mfail\\033[0m <b>bad</b>\\n'; exec sleep 300").WithEnvironment("Api__Secret", "hunter-two");
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        await using var process = await ObservatoryProcess.StartAsync(Settings(builder));
        var browser = new ResourceBrowser(process);

        var list = await browser.UntilAsync(seen => (string?)seen["resources"]!.AsArray().SingleOrDefault()?["state"] == "Running");
        var name = (string)list["resources"]![0]!["name"]!;
        await browser.UntilAsync(seen => (int)seen["printedCount"]! > 0, $"/api/resources/{name}/console?search=bad");
        var console = await browser.GetAsync("/resources/api/console");
        var masked = await browser.GetAsync("/resources/api");
        var shown = await browser.PostAsync($"/resources/{name}/values", HttpStatusCode.OK, ("show", "environment:Api__Secret"));

        Assert.Contains("<span class=\"r\">fail</span><span> &lt;b&gt;bad&lt;/b&gt;</span>", console, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter-two", masked, StringComparison.Ordinal);
        Assert.Contains("hunter-two", shown, StringComparison.Ordinal);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Command_OfAnAppHost_RunsWithItsArgument()
    {
        var builder = CreateBuilder();
        builder.AddExecutable("api", "sleep", "/", "300").WithCommand(
            "greet", "Greet",
            context => Task.FromResult(CommandResults.Success($"Hello {context.Arguments.GetString("whom")}.")),
            new CommandOptions { Arguments = [new InteractionInput { Name = "whom", InputType = InputType.Text, Required = true }] });
        await using var app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        await using var process = await ObservatoryProcess.StartAsync(Settings(builder));
        var browser = new ResourceBrowser(process);
        await browser.UntilAsync(seen => (string?)seen["resources"]!.AsArray().SingleOrDefault()?["state"] == "Running");
        await browser.GetAsync("/resources/api/command?name=greet");

        var greeted = await browser.PostAsync("/resources/api/command?name=greet", HttpStatusCode.Redirect, ("arg.whom", "Ada"));
        var stopped = await browser.PostAsync("/resources/api/command?name=stop", HttpStatusCode.Redirect);
        var list = await browser.UntilAsync(seen => (string?)seen["resources"]![0]!["state"] == "Finished");

        Assert.Contains("Hello Ada.", greeted, StringComparison.Ordinal);
        Assert.Contains("Stop: done", stopped, StringComparison.Ordinal);
        Assert.Equal(("stopped", false), ((string?)list["resources"]![0]!["health"], (bool)list["resources"]![0]!["isTrouble"]!));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task AppHost_Restarted_IsFoundAgain()
    {
        var first = CreateBuilder();
        first.AddExecutable("api", "sleep", "/", "300");
        var settings = Settings(first);
        await using var process = await ObservatoryProcess.StartAsync(settings);
        var browser = new ResourceBrowser(process);

        await using (var app = first.Build())
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            await browser.UntilConnectedAsync();
            await app.StopAsync(TestContext.Current.CancellationToken);
        }

        await browser.UntilAsync(seen => (string?)seen["connection"]!["state"] == "Lost");
        var second = CreateBuilder($"--ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL={first.Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"]}", "--AppHost:ResourceService:ApiKey=" + first.Configuration["AppHost:ResourceService:ApiKey"]);
        second.AddExecutable("worker", "sleep", "/", "300");
        await using var again = second.Build();
        await again.StartAsync(TestContext.Current.CancellationToken);

        await browser.UntilAsync(seen => (string?)seen["resources"]!.AsArray().SingleOrDefault()?["displayName"] == "worker");
        await again.StopAsync(TestContext.Current.CancellationToken);
    }

    private static IDistributedApplicationBuilder CreateBuilder(params string[] settings)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args = ["--hostBuilder:reloadConfigOnChange=false", "--environment=Production", .. settings],
            ProjectDirectory = AppContext.BaseDirectory,
            DisableDashboard = true,
        });
        builder.Services.AddLogging(logging => logging.ClearProviders());
        return builder;
    }

    private static string[] Settings(IDistributedApplicationBuilder builder) =>
    [
        $"--Observatory:ResourceServiceUrl={builder.Configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"]}",
        $"--Observatory:ResourceServiceApiKey={builder.Configuration["AppHost:ResourceService:ApiKey"]}",
    ];
}
