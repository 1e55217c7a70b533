using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Resolve;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class ProjectTests
{
    private const string TwoProfiles = """
        {
          "profiles": {
            "IIS": { "commandName": "IISExpress" },
            "http": {
              "commandName": "Project",
              "applicationUrl": "https://localhost:7301;http://localhost:5301;http://localhost:5302",
              "commandLineArgs": "--mode \"very fast\" plain",
              "environmentVariables": { "ASPNETCORE_ENVIRONMENT": "Development", "COLOUR": "green", "SEARCH": "%PATH%" }
            },
            "other": { "commandName": "Project", "applicationUrl": "http://localhost:5400" },
          } // the comment and the comma are allowed
        }
        """;

    [Fact]
    public async Task AddProject_FirstUsableProfile_GivesVariablesEndpointsAndArguments()
    {
        using var folder = new ProjectFolder(TwoProfiles);
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders").WithArgs("last");

        var resolved = await project.ResolveAsync();

        Assert.Equal("http", resolved.Environment["DOTNET_LAUNCH_PROFILE"]);
        Assert.Equal("Development", resolved.Environment["ASPNETCORE_ENVIRONMENT"]);
        Assert.Equal(Environment.GetEnvironmentVariable("PATH"), resolved.Environment["SEARCH"]);
        Assert.Equal("https://localhost:7301;http://localhost:5301;http://localhost:5302", resolved.Environment["ASPNETCORE_URLS"]);
        Assert.Equal("7301", resolved.Environment["ASPNETCORE_HTTPS_PORT"]);
        Assert.Equal(["--mode", "very fast", "plain", "last"], resolved.Arguments);
        Assert.Equal(["https", "http", "http2"], project.Resource.GetEndpoints().Select(e => e.EndpointName));
    }

    [Fact]
    public async Task AddProject_NamedProfile_UsesIt()
    {
        using var folder = new ProjectFolder(TwoProfiles);

        var environment = await AppModel.Create().AddProject<ProjectFolder.Metadata>("orders", "other").EnvironmentAsync();

        Assert.Equal("http://localhost:5400", environment["ASPNETCORE_URLS"]);
    }

    [Fact]
    public async Task AddProject_DefaultProfileOfTheAppHost_IsPreferred()
    {
        using var folder = new ProjectFolder(TwoProfiles);

        var environment = await AppModel.Create("AppHost:DefaultLaunchProfileName=other").AddProject<ProjectFolder.Metadata>("orders").EnvironmentAsync();

        Assert.Equal("other", environment["DOTNET_LAUNCH_PROFILE"]);
    }

    [Fact]
    public async Task AddProject_DefaultProfileUnknownToTheProject_FallsBackToTheFirst()
    {
        using var folder = new ProjectFolder(TwoProfiles);

        var environment = await AppModel.Create("AppHost:DefaultLaunchProfileName=nothing").AddProject<ProjectFolder.Metadata>("orders").EnvironmentAsync();

        Assert.Equal("http", environment["DOTNET_LAUNCH_PROFILE"]);
    }

    [Fact]
    public void AddProject_MissingNamedProfile_Throws()
    {
        using var folder = new ProjectFolder(TwoProfiles);

        var error = Assert.Throws<DistributedApplicationException>(() => AppModel.Create().AddProject<ProjectFolder.Metadata>("orders", "nothing"));

        Assert.Contains("'nothing'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddProject_BrokenLaunchSettings_NamesTheFile()
    {
        using var folder = new ProjectFolder("{ not json");

        var error = Assert.Throws<DistributedApplicationException>(() => AppModel.Create().AddProject<ProjectFolder.Metadata>("orders"));

        Assert.Contains("launchSettings.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddProject_NoProfileWanted_LeavesEnvironmentAndAddressesUnset()
    {
        using var folder = new ProjectFolder(TwoProfiles);

        var environment = await AppModel.Create().AddProject<ProjectFolder.Metadata>("orders", launchProfileName: null).EnvironmentAsync();

        Assert.DoesNotContain("ASPNETCORE_ENVIRONMENT", environment.Keys);
        Assert.DoesNotContain("ASPNETCORE_URLS", environment.Keys);
        Assert.DoesNotContain("DOTNET_LAUNCH_PROFILE", environment.Keys);
    }

    [Fact]
    public async Task WithEnvironment_AfterAddProject_OverwritesTheProfile()
    {
        using var folder = new ProjectFolder(TwoProfiles);
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders")
            .WithEnvironment("COLOUR", "red").WithEnvironment("ASPNETCORE_URLS", "http://localhost:1");

        var environment = await project.EnvironmentAsync();

        Assert.Equal("red", environment["COLOUR"]);
        Assert.Equal("http://localhost:1", environment["ASPNETCORE_URLS"]);
    }

    [Fact]
    public async Task LaunchProfile_VariableSetBefore_StaysAsItIs()
    {
        using var folder = new ProjectFolder(TwoProfiles);
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders");
        project.Resource.Annotations.Insert(0, new EnvironmentCallbackAnnotation(context => context.EnvironmentVariables["COLOUR"] = "first"));

        Assert.Equal("first", (await project.EnvironmentAsync())["COLOUR"]);
    }

    [Fact]
    public async Task WithEnvironment_Twice_TheLaterCallbackSeesAndReplacesTheEarlier()
    {
        var resource = AppModel.Create().AddSleep("api").WithEnvironment("COLOUR", "red")
            .WithEnvironment(context => context.EnvironmentVariables["COLOUR"] += "der");

        Assert.Equal("redder", (await resource.EnvironmentAsync())["COLOUR"]);
    }

    [Fact]
    public async Task Kestrel_SectionInAppSettings_ReplacesTheLaunchUrls()
    {
        using var folder = new ProjectFolder(TwoProfiles, """
            { "Kestrel": { "Endpoints": { "public": { "Url": "http://*:6001" }, "grpc": { "Url": "http://localhost:6002", "Protocols": "Http2" } } } }
            """);
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders");

        var environment = await project.EnvironmentAsync();

        Assert.Equal("http://0.0.0.0:6001", environment["Kestrel__Endpoints__public__Url"]);
        Assert.Equal("http://localhost:6002", environment["Kestrel__Endpoints__grpc__Url"]);
        Assert.DoesNotContain("ASPNETCORE_URLS", environment.Keys);
        Assert.Equal("http2", project.GetEndpoint("grpc").EndpointAnnotation.Transport);
        Assert.Equal("http://localhost:6001", project.GetEndpoint("public").Url);
    }

    [Fact]
    public async Task Kestrel_SectionOfTheProfilesEnvironment_IsRead()
    {
        using var folder = new ProjectFolder(TwoProfiles);
        folder.Write("appsettings.Development.json", """{ "Kestrel": { "Endpoints": { "web": { "Url": "http://localhost:6003" } } } }""");

        var environment = await AppModel.Create().AddProject<ProjectFolder.Metadata>("orders").EnvironmentAsync();

        Assert.Equal("http://localhost:6003", environment["Kestrel__Endpoints__web__Url"]);
    }

    [Fact]
    public async Task Kestrel_SectionExcluded_LaunchUrlsCount()
    {
        using var folder = new ProjectFolder(TwoProfiles, """{ "Kestrel": { "Endpoints": { "public": { "Url": "http://localhost:6001" } } } }""");
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders", options => options.ExcludeKestrelEndpoints = true);

        Assert.Contains("ASPNETCORE_URLS", (await project.EnvironmentAsync()).Keys);
    }

    [Fact]
    public async Task WithEndpointsInEnvironment_Filter_KeepsAnEndpointOutOfTheAddresses()
    {
        using var folder = new ProjectFolder(TwoProfiles);
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders")
            .WithHttpEndpoint(port: 5399, name: "management").WithEndpointsInEnvironment(e => e.Name is "http" or "management");

        Assert.Equal("http://localhost:5301;http://localhost:5399", (await project.EnvironmentAsync())["ASPNETCORE_URLS"]);
    }

    [Fact]
    public async Task Telemetry_EveryProject_HasItsNameAndInstanceAndNoExporterAddress()
    {
        using var folder = new ProjectFolder();
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders");

        var environment = await project.EnvironmentAsync();

        Assert.Equal("orders", environment["OTEL_SERVICE_NAME"]);
        Assert.Equal($"service.instance.id={project.Resource.InstanceId()["orders-".Length..]}", environment["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.Equal("in_memory", environment["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"]);
        Assert.Equal("simple", environment["LOGGING__CONSOLE__FORMATTERNAME"]);
        Assert.Equal("true", environment["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"]);
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_ENDPOINT", environment.Keys);
        Assert.DoesNotContain("OTEL_BSP_SCHEDULE_DELAY", environment.Keys);
    }

    [Fact]
    public async Task Telemetry_AppHostInDevelopment_IsQuickAndComplete()
    {
        using var folder = new ProjectFolder();
        var environment = await AppModel.Create("environment=Development").AddProject<ProjectFolder.Metadata>("orders").EnvironmentAsync();

        string[] delays = ["OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL"];
        Assert.All(delays, name => Assert.Equal("1000", environment[name]));
        Assert.Equal("always_on", environment["OTEL_TRACES_SAMPLER"]);
        Assert.Equal("trace_based", environment["OTEL_METRICS_EXEMPLAR_FILTER"]);
        Assert.Equal("true", environment["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"]);
    }

    [Fact]
    public async Task Telemetry_PlainExecutable_GetsNothing()
    {
        var environment = await AppModel.Create("environment=Development").AddSleep("tool").EnvironmentAsync();

        Assert.Empty(environment);
    }

    [Fact]
    public async Task Spec_VariablesOfTheAppHost_AreInheritedButForFive()
    {
        Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", "Production");
        Environment.SetEnvironmentVariable("ASPIRE_LOGLEVEL", "debug");
        Environment.SetEnvironmentVariable("APPHOST_TEST_COLOUR", "green");

        var spec = await AppModel.Create().AddSleep("tool").WithEnvironment("ASPNETCORE_URLS", "http://localhost:1").SpecAsync();

        Assert.Equal("green", spec.Environment["APPHOST_TEST_COLOUR"]);
        Assert.Equal("http://localhost:1", spec.Environment["ASPNETCORE_URLS"]);
        Assert.DoesNotContain("ASPNETCORE_ENVIRONMENT", spec.Environment.Keys);
        Assert.DoesNotContain("ASPIRE_LOGLEVEL", spec.Environment.Keys);
        Assert.Equal(
            ["ASPIRE_LOGLEVEL", "ASPNETCORE_ENVIRONMENT", "ASPNETCORE_URLS", "DOTNET_ENVIRONMENT", "DOTNET_LAUNCH_PROFILE"],
            ProcessSpecResolver.ScrubbedVariables.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Spec_ProjectThatWasNotBuilt_SaysWhatIsMissing()
    {
        using var folder = new ProjectFolder();
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders");

        var error = await Assert.ThrowsAsync<DistributedApplicationException>(project.SpecAsync);

        Assert.Contains(folder.ProjectPath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Spec_CommandThatDoesNotExist_NamesCommandAndResource()
    {
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(AppModel.Create().AddExecutable("tool", "no-such-command", "/").SpecAsync);

        Assert.Equal("The command 'no-such-command' of resource 'tool' was not found.", error.Message);
    }

    [Fact]
    public async Task Spec_FileThatIsNoProgram_IsNotFound()
    {
        using var folder = new ProjectFolder();

        var error = await Assert.ThrowsAsync<DistributedApplicationException>(AppModel.Create().AddExecutable("tool", folder.ProjectPath, "/").SpecAsync);

        Assert.Contains("was not found", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Spec_WorkingDirectoryThatDoesNotExist_NamesIt()
    {
        var error = await Assert.ThrowsAsync<DistributedApplicationException>(AppModel.Create().AddExecutable("tool", "sleep", "/no/such/folder").SpecAsync);

        Assert.Contains("'/no/such/folder'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithArgs_ValuesOfOtherResources_AreResolved()
    {
        var builder = AppModel.Create();
        var api = builder.AddSleep("api").WithHttpEndpoint(port: 5301);

        var resolved = await builder.AddSleep("tool").WithArgs("--to", api.GetEndpoint("http"), 5, true).ResolveAsync();

        Assert.Equal(["300", "--to", "http://localhost:5301", "5", "True"], resolved.Arguments);
    }

    [Fact]
    public void WithReplicas_ChangedAndNone_KeepsNamesAndNamesTheWayOut()
    {
        using var folder = new ProjectFolder();
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders");
        var first = project.Resource.InstanceId();

        Assert.Equal(3, project.WithReplicas(3).Resource.InstanceIds().Distinct().Count());
        Assert.Equal([first], project.WithReplicas(1).Resource.InstanceIds());
        Assert.Equal(1, project.Resource.GetReplicaCount());
        Assert.Contains("StandIns=false", Assert.Throws<NotSupportedException>(() => project.WithReplicas(0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithReplicas_Environment_DiffersInAddressAndInstanceOnly()
    {
        using var folder = new ProjectFolder(TwoProfiles);
        var project = AppModel.Create().AddProject<ProjectFolder.Metadata>("orders").WithReplicas(2);

        var one = await project.EnvironmentAsync(project.Resource.Instances()[0]);
        var two = await project.EnvironmentAsync(project.Resource.Instances()[1]);

        Assert.Equal(["ASPNETCORE_URLS", "OTEL_RESOURCE_ATTRIBUTES"], one.Keys.Where(k => one[k] != two[k]).Order());
        Assert.Equal($"service.instance.id={project.Resource.Instances()[1].Suffix}", two["OTEL_RESOURCE_ATTRIBUTES"]);
        Assert.NotEqual("http://localhost:5301", one["ASPNETCORE_URLS"]);
        Assert.Equal("http://localhost:5301", project.GetEndpoint("http").Url);
    }
}
