using System.Net;
using Google.Protobuf.WellKnownTypes;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Tests;

public sealed class ResourceCommandTests
{
    private const string Drain = "/resources/orders-a/command?name=drain";

    [Fact]
    public async Task Command_WithoutQuestions_RunsAndSaysWhatBecameOfIt()
    {
        await using var server = await ResourceServer.StartAsync(Orders(ResourceModel.Command("drain", "Drain outbox")));
        server.Answer = _ => new ResourceCommandResponse
        {
            Kind = ResourceCommandResponseKind.Succeeded,
            Message = "Drained.",
            Result = new ResourceCommandResult { Value = """{"sent":3}""", Format = CommandResultFormat.Json },
        };
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var page = await browser.PostAsync(Drain, HttpStatusCode.Redirect);
        var without = await browser.GetAsync("/resources/orders-a?outcome=0123456789abcdef");

        Assert.Contains("Drain outbox: done", page, StringComparison.Ordinal);
        Assert.Contains("Drained.", page, StringComparison.Ordinal);
        Assert.Contains("{&quot;sent&quot;:3}", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Drain outbox: done", without, StringComparison.Ordinal);
        var asked = Assert.Single(server.Asked);
        Assert.Equal(("drain", "orders-a", "Project", true, 0), (asked.CommandName, asked.ResourceName, asked.ResourceType, asked.NonInteractive, asked.Arguments.Count));
    }

    [Theory]
    [InlineData("Failed", "Drain outbox: failed")]
    [InlineData("Cancelled", "Drain outbox: cancelled")]
    public async Task Command_ThatFails_SaysWhy(string kind, string title)
    {
        await using var server = await ResourceServer.StartAsync(Orders(ResourceModel.Command("drain", "Drain outbox")));
        server.Answer = _ => new ResourceCommandResponse { Kind = System.Enum.Parse<ResourceCommandResponseKind>(kind), Message = "The broker is away." };
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var page = await browser.PostAsync(Drain, HttpStatusCode.Redirect);

        Assert.Contains(title, page, StringComparison.Ordinal);
        Assert.Contains("The broker is away.", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_WithArguments_AsksThenSendsThemWithTheirTypes()
    {
        await using var server = await ResourceServer.StartAsync(Orders(ResourceModel.Command("drain", "Drain outbox",
            new InteractionInput { Name = "queue", Label = "Queue", InputType = InputType.Text, Required = true },
            new InteractionInput { Name = "times", InputType = InputType.Number },
            new InteractionInput { Name = "loud", InputType = InputType.Boolean },
            new InteractionInput { Name = "how", InputType = InputType.Choice, Options = { ["fast"] = "Fast", ["slow"] = "Slow" } },
            new InteractionInput { Name = "password", InputType = InputType.SecretText, Value = "from-the-model" },
            new InteractionInput { Name = "left", InputType = InputType.Text })));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var form = await browser.GetAsync(Drain);
        var wrong = await browser.PostAsync(Drain, HttpStatusCode.BadRequest, ("arg.times", "many"), ("arg.how", "sideways"), ("arg.password", "hunter-two"));
        var right = await browser.PostAsync(
            Drain, HttpStatusCode.Redirect, ("arg.queue", "orders"), ("arg.times", "2.5"), ("arg.loud", "true"), ("arg.how", "slow"), ("arg.password", "hunter-two"), ("arg.left", ""));

        Assert.Contains("<input type=\"password\"", form, StringComparison.Ordinal);
        Assert.DoesNotContain("from-the-model", form, StringComparison.Ordinal);
        Assert.Contains("A value is required.", wrong, StringComparison.Ordinal);
        Assert.Contains("This must be a number.", wrong, StringComparison.Ordinal);
        Assert.Contains("This is not one of the choices.", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter-two", wrong, StringComparison.Ordinal);
        Assert.Contains("Drain outbox: done", right, StringComparison.Ordinal);
        var asked = Assert.Single(server.Asked);
        Assert.Equal(["how", "loud", "password", "queue", "times"], asked.Arguments.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            (Value.ForString("orders"), Value.ForNumber(2.5), Value.ForBool(true), Value.ForString("slow")),
            (asked.Arguments["queue"], asked.Arguments["times"], asked.Arguments["loud"], asked.Arguments["how"]));
    }

    [Fact]
    public async Task Command_ArgumentsThatTheAppHostRefuses_AreAskedForAgain()
    {
        await using var server = await ResourceServer.StartAsync(Orders(ResourceModel.Command("drain", "Drain outbox", new InteractionInput { Name = "queue", InputType = InputType.Text })));
        server.Answer = _ => new ResourceCommandResponse { Kind = ResourceCommandResponseKind.InvalidArguments, Message = "There is no such queue." };
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var page = await browser.PostAsync(Drain, HttpStatusCode.BadRequest, ("arg.queue", "nowhere"));

        Assert.Contains("There is no such queue.", page, StringComparison.Ordinal);
        Assert.Contains("value=\"nowhere\"", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stop", null, "Stop orders-a?")]
    [InlineData("reset", "All orders are lost.", "All orders are lost.")]
    public async Task Command_ThatEndsSomething_AsksFirst(string name, string? confirmation, string question)
    {
        var command = ResourceModel.Command(name, char.ToUpperInvariant(name[0]) + name[1..]);

        if (confirmation is not null)
        {
            command.ConfirmationMessage = confirmation;
        }

        await using var server = await ResourceServer.StartAsync(Orders(command));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var page = await browser.GetAsync("/resources/orders-a");
        var form = await browser.GetAsync($"/resources/orders-a/command?name={name}");

        Assert.Contains($"href=\"/resources/orders-a/command?name={name}\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain($"action=\"/resources/orders-a/command?name={name}\"", page, StringComparison.Ordinal);
        Assert.Contains(question, form, StringComparison.Ordinal);
        Assert.Empty(server.Asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Command_ThatIsNotOffered_IsNotRun(bool isShown)
    {
        var command = ResourceModel.Command("drain", "Drain outbox");
        command.State = isShown ? ResourceCommandState.Disabled : ResourceCommandState.Hidden;
        await using var server = await ResourceServer.StartAsync(Orders(command, ResourceModel.Command("other", "Other")));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);

        var page = await browser.GetAsync("/resources/orders-a");
        await browser.PostAsync(Drain, HttpStatusCode.NotFound);

        Assert.Equal(isShown, page.Contains("disabled>Drain outbox", StringComparison.Ordinal));
        Assert.Empty(server.Asked);
    }

    [Theory]
    [InlineData("no token")]
    [InlineData("wrong token")]
    [InlineData("no cookie")]
    [InlineData("cookie of somebody else")]
    [InlineData("other site")]
    [InlineData("same site, other port")]
    public async Task Command_ForgedForm_IsRefused(string forgery)
    {
        await using var server = await ResourceServer.StartAsync(Orders(ResourceModel.Command("drain", "Drain outbox")));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);
        (string, string)[] headers = forgery switch
        {
            "no cookie" => [("Cookie", "a=b")],
            "cookie of somebody else" => [("Cookie", "observatory-form=" + new string('a', 64))],
            "other site" => [("Sec-Fetch-Site", "cross-site")],
            "same site, other port" => [("Sec-Fetch-Site", "same-site")],
            _ => [],
        };
        (string, string)[] fields = forgery switch
        {
            "no token" => [("a", "b")],
            "wrong token" => [("token", new string('0', 64))],
            _ => [("token", browser.Token)],
        };

        using var command = await browser.SendAsync(Drain, headers, fields);
        using var values = await browser.SendAsync("/resources/orders-a/values", headers, [.. fields, ("show", "*")]);

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (command.StatusCode, values.StatusCode));
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task Form_Cookie_IsForThisSiteAndNoScript()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var response = await process.Http.GetAsync(new Uri("/resources", UriKind.Relative), TestContext.Current.CancellationToken);

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Command_AppHostGone_SaysSo()
    {
        var server = await ResourceServer.StartAsync(Orders(ResourceModel.Command("drain", "Drain outbox")));
        await using var process = await ObservatoryProcess.StartAsync(server.Settings);
        var browser = await OpenAsync(process);
        await server.DisposeAsync();

        var page = await browser.PostAsync(Drain, HttpStatusCode.Redirect);

        Assert.Contains("Drain outbox failed", page, StringComparison.Ordinal);
    }

    private static Resource Orders(params ResourceCommand[] commands) => ResourceModel.Service("orders", "a").With(resource => resource.Commands.AddRange(commands));

    private static async Task<ResourceBrowser> OpenAsync(ObservatoryProcess process)
    {
        var browser = new ResourceBrowser(process);
        await browser.UntilConnectedAsync();
        await browser.GetAsync("/resources/orders-a");
        return browser;
    }
}
