using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Run;
using Aspire.Hosting.Tests.Support;
using static Aspire.Hosting.ApplicationModel.ResourceCommandState;

namespace Aspire.Hosting.Tests.Model;

public sealed class CommandStateTests
{
    [Theory]
    [InlineData("Finished", Enabled, Hidden, Disabled)]
    [InlineData("FailedToStart", Enabled, Hidden, Disabled)]
    [InlineData("Exited", Enabled, Hidden, Disabled)]
    [InlineData("NotStarted", Enabled, Hidden, Disabled)]
    [InlineData("Unknown", Enabled, Hidden, Disabled)]
    [InlineData("Waiting", Enabled, Hidden, Disabled)]
    [InlineData("Starting", Disabled, Hidden, Disabled)]
    [InlineData("Building", Disabled, Hidden, Disabled)]
    [InlineData(null, Disabled, Hidden, Disabled)]
    [InlineData("Running", Hidden, Enabled, Enabled)]
    [InlineData("Stopping", Hidden, Disabled, Disabled)]
    public void BuiltIn_EachState_DecidesWhatIsOffered(string? state, ResourceCommandState start, ResourceCommandState stop, ResourceCommandState restart)
    {
        Assert.Equal((start, stop, restart), (BuiltInCommands.Start(state), BuiltInCommands.Stop(state), BuiltInCommands.Restart(state)));
    }

    [Fact]
    public void WithCommand_SameName_ReplacesTheOldOne()
    {
        var resource = AppModel.Create().AddSleep("api")
            .WithCommand("reset", "First", _ => Task.FromResult(CommandResults.Success()))
            .WithCommand("reset", "Second", _ => Task.FromResult(CommandResults.Success())).Resource;

        Assert.Equal("Second", Assert.Single(resource.Annotations.OfType<ResourceCommandAnnotation>()).DisplayName);
    }

    [Fact]
    public void Build_Processes_GetTheThreeCommandsAndOthersNone()
    {
        var builder = AppModel.Create();
        var (api, colour) = (builder.AddSleep("api").Resource, builder.AddParameter("colour").Resource);

        using var app = builder.Build();

        Assert.Equal(["start", "stop", "restart"], api.Annotations.OfType<ResourceCommandAnnotation>().Select(c => c.Name));
        Assert.Empty(colour.Annotations.OfType<ResourceCommandAnnotation>());
    }

    [Fact]
    public void Build_CommandOfTheUserWithABuiltInName_StaysTheUsers()
    {
        var builder = AppModel.Create();
        var api = builder.AddSleep("api").WithCommand("stop", "Mine", _ => Task.FromResult(CommandResults.Success())).Resource;

        using var app = builder.Build();

        Assert.Equal("Mine", api.Annotations.OfType<ResourceCommandAnnotation>().Single(c => c.Name == "stop").DisplayName);
    }

    [Fact]
    public void WithHttpCommand_NoName_IsNamedAfterTheRequest()
    {
        var api = AppModel.Create().AddSleep("api").WithHttpEndpoint().WithHttpCommand("/reset", "Reset").Resource;

        Assert.Equal("api-http-http-post-/reset", api.Annotations.OfType<ResourceCommandAnnotation>().Single().Name);
    }

    [Fact]
    public void WithHttpCommand_NoHttpEndpoint_Throws()
    {
        var api = AppModel.Create().AddSleep("api").WithEndpoint(name: "http");

        Assert.Throws<DistributedApplicationException>(() => api.WithHttpCommand("/reset", "Reset"));
    }
}
