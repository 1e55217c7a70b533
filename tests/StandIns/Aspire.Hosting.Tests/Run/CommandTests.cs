using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Tests.Run;

public sealed class CommandTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create("DcpPublisher:RandomizePorts=true");

    [Fact]
    public async Task Execute_UnknownCommandOrResource_SaysSo()
    {
        var api = _builder.AddSleep("api").Resource;
        await using var app = await TestApp.StartAsync(_builder);

        var command = await app.ExecuteAsync("api", "dance");
        var resource = await app.ExecuteAsync("nobody", "dance");

        Assert.Equal((false, $"Command 'dance' not available for resource '{api.InstanceId()}'."), (command.Success, command.Message));
        Assert.Equal((false, "Resource 'nobody' not found."), (resource.Success, resource.Message));
    }

    [Fact]
    public async Task Execute_CommandThrows_IsAFailureWithItsMessage()
    {
        _builder.AddSleep("api")
            .WithCommand("break", "Break", _ => throw new InvalidOperationException("It broke."))
            .WithCommand("cancel", "Cancel", _ => throw new OperationCanceledException());
        await using var app = await TestApp.StartAsync(_builder);

        var broken = await app.ExecuteAsync("api", "break");
        var canceled = await app.ExecuteAsync("api", "cancel");

        Assert.Equal((false, "It broke."), (broken.Success, broken.Message));
        Assert.True(canceled.Canceled);
    }

    [Fact]
    public async Task Execute_Command_KnowsTheInstanceAndReturnsItsResult()
    {
        var api = _builder.AddSleep("api").WithCommand("name", "Name", context => Task.FromResult(CommandResults.Success("done", context.ResourceName))).Resource;
        await using var app = await TestApp.StartAsync(_builder);

        var byName = await app.ExecuteAsync("API", "name");
        var byId = await app.ExecuteAsync(api.InstanceId(), "name");
        var byResource = await app.App.ResourceCommands.ExecuteCommandAsync(api, "name", Limit.Token);

        Assert.All([byName, byId, byResource], result => Assert.Equal(api.InstanceId(), result.Data!.Value));
    }

    [Fact]
    public async Task Snapshot_StateChanges_CommandsFollow()
    {
        _builder.AddSleep("api").WithHttpEndpoint().WithHttpCommand("/reset", "Reset", commandName: "reset");
        await using var app = await TestApp.StartAsync(_builder);

        var running = State(app.State("api"));
        await app.ExecuteAsync("api", "stop");
        var stopped = State(app.State("api"));

        Assert.Equal("reset=Enabled start=Hidden stop=Enabled restart=Enabled", running);
        Assert.Equal("reset=Disabled start=Enabled stop=Hidden restart=Disabled", stopped);

        static string State(CustomResourceSnapshot snapshot) => string.Join(' ', snapshot.Commands.Select(c => $"{c.Name}={c.State}"));
    }

    [Fact]
    public async Task HttpCommand_Prepared_SendsMethodPathAndHeader()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint()
            .WithHttpCommand("/reset", "Reset", commandName: "reset", commandOptions: new HttpCommandOptions
            {
                Method = HttpMethod.Put,
                PrepareRequest = context =>
                {
                    context.Request.Headers.Add("X-Key", "k1");
                    return Task.CompletedTask;
                },
            })
            .WithHttpCommand("/default", "Default", commandName: "default");
        await using var app = await TestApp.StartAsync(_builder);
        await using var listener = await Listener.StartAsync(api.GetEndpoint("http").Url);

        Assert.True((await app.ExecuteAsync("api", "reset")).Success);
        Assert.True((await app.ExecuteAsync("api", "default")).Success);

        Assert.Equal([new ReceivedRequest("PUT", "/reset", "k1"), new ReceivedRequest("POST", "/default", null)], listener.Requests);
    }

    [Fact]
    public async Task HttpCommand_OtherThan2xxOrNoAnswer_IsAFailure()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint().WithHttpCommand("/reset", "Reset", commandName: "reset");
        await using var app = await TestApp.StartAsync(_builder);

        ExecuteCommandResult refused;
        await using (var listener = await Listener.StartAsync(api.GetEndpoint("http").Url))
        {
            listener.StatusCode = StatusCodes.Status503ServiceUnavailable;
            refused = await app.ExecuteAsync("api", "reset");
        }

        var unanswered = await app.ExecuteAsync("api", "reset");

        Assert.Equal((false, "Request failed with status code ServiceUnavailable"), (refused.Success, refused.Message));
        Assert.False(unanswered.Success);
    }

    [Fact]
    public async Task HttpCommand_OwnResult_Decides()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint().WithHttpCommand("/reset", "Reset", commandName: "reset", commandOptions: new HttpCommandOptions
        {
            GetCommandResult = context => Task.FromResult(CommandResults.Failure($"seen {(int)context.Response.StatusCode}")),
        });
        await using var app = await TestApp.StartAsync(_builder);
        await using var listener = await Listener.StartAsync(api.GetEndpoint("http").Url);

        Assert.Equal("seen 200", (await app.ExecuteAsync("api", "reset")).Message);
    }

    [Fact]
    public async Task Execute_Arguments_ReachTheCommandWithDefaultsForTheRest()
    {
        _builder.AddSleep("api").WithCommand("greet", "Greet", EchoAsync, new CommandOptions
        {
            Arguments = [Text("name"), new InteractionInput { Name = "times", InputType = InputType.Number, Value = "1" }, Text("title")],
        });
        await using var app = await TestApp.StartAsync(_builder);
        var values = new InteractionInputCollection([new InteractionInput { Name = "NAME", InputType = InputType.Text, Value = "Ada" }]);

        var result = await app.App.ResourceCommands.ExecuteCommandAsync("api", "greet", values, Limit.Token);
        var again = await app.App.ResourceCommands.ExecuteCommandAsync(_builder.Resources.Single(), "greet", values, Limit.Token);
        var bare = await app.ExecuteAsync("api", "greet");

        Assert.Equal("name=Ada times=1 title=", result.Data?.Value);
        Assert.Equal(result.Data?.Value, again.Data?.Value);
        Assert.Equal("name= times=1 title=", bare.Data?.Value);
    }

    [Theory]
    [InlineData("missing", null, "missing: a value is required.")]
    [InlineData("number", "many", "number: 'many' is no number.")]
    [InlineData("truth", "maybe", "truth: 'maybe' is neither true nor false.")]
    [InlineData("choice", "blue", "choice: 'blue' is none of red, green.")]
    [InlineData("short", "12345", "short: at most 4 characters are allowed.")]
    [InlineData("other", "x", "other: there is no such argument.")]
    [InlineData("number", "13", "number: unlucky")]
    public async Task Execute_WrongArgument_IsNotRunAndSaysWhy(string argument, string? value, string message)
    {
        var runs = 0;
        _builder.AddSleep("api").WithCommand("do", "Do", _ =>
        {
            runs++;
            return Task.FromResult(CommandResults.Success());
        }, new CommandOptions
        {
            Arguments =
            [
                new InteractionInput { Name = "missing", InputType = InputType.SecretText, Required = true, Value = argument == "missing" ? null : "x" },
                new InteractionInput { Name = "number", InputType = InputType.Number },
                new InteractionInput { Name = "truth", InputType = InputType.Boolean, Value = "true" },
                new InteractionInput { Name = "choice", InputType = InputType.Choice, Options = [new("red", "Red"), new("green", "Green")], Value = "red" },
                new InteractionInput { Name = "free", InputType = InputType.Choice, AllowCustomChoice = true, Value = "anything" },
                new InteractionInput { Name = "short", InputType = InputType.Text, MaxLength = 4, Value = "1234" },
            ],
            ValidateArguments = context =>
            {
                if (context.Inputs.GetString("number") == "13")
                {
                    context.AddValidationError("number", "unlucky");
                }

                return Task.CompletedTask;
            },
        });
        await using var app = await TestApp.StartAsync(_builder);

        var wrong = await app.App.ResourceCommands.ExecuteCommandAsync("api", "do", new([new InteractionInput { Name = argument, InputType = InputType.Text, Value = value }]), Limit.Token);
        var right = await app.App.ResourceCommands.ExecuteCommandAsync("api", "do", new([new InteractionInput { Name = "missing", InputType = InputType.Text, Value = "y" }]), Limit.Token);

        Assert.Equal((false, $"Invalid arguments: {message}"), (wrong.Success, wrong.Message));
        Assert.True(right.Success);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task HttpCommand_Arguments_ReachTheRequestAndTheAnswer()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint().WithHttpCommand("/reset", "Reset", commandName: "reset", commandOptions: new HttpCommandOptions
        {
            Arguments = [Text("key")],
            PrepareRequest = context =>
            {
                context.Request.Headers.Add("X-Key", context.Arguments["key"].Value);
                return Task.CompletedTask;
            },
            GetCommandResult = context => Task.FromResult(CommandResults.Success("done", context.Arguments[0].Value!)),
        });
        await using var app = await TestApp.StartAsync(_builder);
        await using var listener = await Listener.StartAsync(api.GetEndpoint("http").Url);

        var result = await app.App.ResourceCommands.ExecuteCommandAsync(
            "api", "reset", new([new InteractionInput { Name = "key", InputType = InputType.Text, Value = "k1" }]), Limit.Token);

        Assert.Equal("k1", result.Data?.Value);
        Assert.Equal("k1", Assert.Single(listener.Requests).Key);
    }

    [Fact]
    public void WithCommand_ArgumentsThatCannotBe_AreRefused()
    {
        var api = _builder.AddSleep("api");

        Assert.Throws<InvalidOperationException>(() => api.WithCommand("twice", "Twice", EchoAsync, new CommandOptions { Arguments = [Text("name"), Text("NAME")] }));
        Assert.Contains("StandIns=false", Assert.Throws<NotSupportedException>(() => api.WithCommand(
            "upload", "Upload", EchoAsync, new CommandOptions { Arguments = [new InteractionInput { Name = "file", InputType = InputType.File }] })).Message, StringComparison.Ordinal);
    }

    private static InteractionInput Text(string name) => new() { Name = name, InputType = InputType.Text };

    private static Task<ExecuteCommandResult> EchoAsync(ExecuteCommandContext context) =>
        Task.FromResult(CommandResults.Success("done", string.Join(' ', context.Arguments.Select(a => $"{a.Name}={a.Value}"))));
}
