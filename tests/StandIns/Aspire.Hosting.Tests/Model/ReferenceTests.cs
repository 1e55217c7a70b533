using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class ReferenceTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create("ConnectionStrings:bank-db=Host=elsewhere");

    [Fact]
    public async Task WithReference_ConnectionString_KeepsTheNameAsWritten()
    {
        var consumer = _builder.AddSleep("web").WithReference(_builder.AddConnectionString("bank-db"));

        Assert.Equal("Host=elsewhere", (await consumer.EnvironmentAsync())["ConnectionStrings__bank-db"]);
    }

    [Fact]
    public async Task WithReference_ConnectionName_ReplacesTheResourceName()
    {
        var consumer = _builder.AddSleep("web").WithReference(_builder.AddConnectionString("bank-db"), "main");

        var environment = await consumer.EnvironmentAsync();

        Assert.Equal("Host=elsewhere", environment["ConnectionStrings__main"]);
        Assert.DoesNotContain("ConnectionStrings__bank-db", environment.Keys);
    }

    [Fact]
    public async Task WithReference_ConnectionStringWithItsOwnVariable_UsesThatVariable()
    {
        var consumer = _builder.AddSleep("web").WithReference(_builder.AddConnectionString("bank-db", "BANK"));

        Assert.Equal("Host=elsewhere", (await consumer.EnvironmentAsync())["BANK"]);
    }

    [Fact]
    public async Task WithReference_MissingConnectionString_FailsTheConsumer()
    {
        var consumer = _builder.AddSleep("web").WithReference(_builder.AddConnectionString("nowhere"));

        var error = await Assert.ThrowsAsync<DistributedApplicationException>(consumer.EnvironmentAsync);

        Assert.Contains("'nowhere'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithReference_EmptyOptionalConnectionString_SetsNothing()
    {
        var consumer = _builder.AddSleep("web").WithReference(_builder.AddConnectionString("nothing", ReferenceExpression.Empty), optional: true);

        Assert.DoesNotContain("ConnectionStrings__nothing", (await consumer.EnvironmentAsync()).Keys);
    }

    [Fact]
    public async Task WithReference_EmptyConnectionString_FailsTheConsumer()
    {
        var consumer = _builder.AddSleep("web").WithReference(_builder.AddConnectionString("nothing", ReferenceExpression.Empty));

        await Assert.ThrowsAsync<DistributedApplicationException>(consumer.EnvironmentAsync);
    }

    [Fact]
    public async Task WithReference_Service_GivesEveryEndpointInBothForms()
    {
        var service = _builder.AddService("order-api").WithHttpEndpoint(port: 5301).WithHttpEndpoint(port: 5302, name: "admin");

        var environment = await _builder.AddSleep("web").WithReference(service).EnvironmentAsync();

        Assert.Equal("http://localhost:5301", environment["services__order-api__http__0"]);
        Assert.Equal("http://localhost:5302", environment["services__order-api__admin__0"]);
        Assert.Equal("http://localhost:5301", environment["ORDER_API_HTTP"]);
        Assert.Equal("http://localhost:5302", environment["ORDER_API_ADMIN"]);
    }

    [Fact]
    public async Task WithReference_TwoEndpointsOfOneKey_CountsUp()
    {
        var service = _builder.AddService("api").WithHttpEndpoint(port: 5301).WithHttpEndpoint(port: 5302, name: "https");

        var environment = await _builder.AddSleep("web").WithReference(service).EnvironmentAsync();

        Assert.Equal("http://localhost:5301", environment["services__api__http__0"]);
        Assert.Equal("http://localhost:5302", environment["services__api__http__1"]);
    }

    [Fact]
    public async Task WithReference_Alias_IsUsedAsWritten()
    {
        var service = _builder.AddService("api").WithHttpEndpoint(port: 5301);

        var environment = await _builder.AddSleep("web").WithReference(service, "theApi").EnvironmentAsync();

        Assert.Equal("http://localhost:5301", environment["services__theApi__http__0"]);
        Assert.Equal("http://localhost:5301", environment["theApi_HTTP"]);
    }

    [Fact]
    public async Task WithReference_EndpointReference_GivesThatEndpointOnly()
    {
        var service = _builder.AddSleep("api").WithHttpEndpoint(port: 5301).WithHttpEndpoint(port: 5302, name: "admin");

        var environment = await _builder.AddSleep("web").WithReference(service.GetEndpoint("admin")).EnvironmentAsync();

        Assert.Equal("http://localhost:5302", environment["API_ADMIN"]);
        Assert.DoesNotContain("API_HTTP", environment.Keys);
    }

    [Fact]
    public async Task WithReference_EndpointExcludedFromReferences_IsLeftOut()
    {
        var service = _builder.AddService("api").WithHttpEndpoint(port: 5301).WithHttpEndpoint(port: 5302, name: "admin")
            .WithEndpoint("admin", endpoint => endpoint.ExcludeReferenceEndpoint = true);

        var environment = await _builder.AddSleep("web").WithReference(service).EnvironmentAsync();

        Assert.DoesNotContain("API_ADMIN", environment.Keys);
        Assert.Contains("API_HTTP", environment.Keys);
    }

    [Fact]
    public async Task WithReference_ResourceThatComesLater_KnowsItsAddress()
    {
        var consumer = _builder.AddSleep("web");
        var service = _builder.AddSleep("api").WithHttpEndpoint();
        consumer.WithEnvironment("API", service.GetEndpoint("http"));

        var environment = await consumer.EnvironmentAsync();

        Assert.Equal($"http://localhost:{service.GetEndpoint("http").Port}", environment["API"]);
    }

    [Fact]
    public async Task WithReference_Uri_GivesTheDefaultEndpoint()
    {
        var environment = await _builder.AddSleep("web").WithReference("bank-api", new Uri("https://bank.test")).EnvironmentAsync();

        Assert.Equal("https://bank.test/", environment["services__bank-api__default__0"]);
        Assert.Equal("https://bank.test/", environment["bank_api"]);
    }

    [Fact]
    public async Task WithReference_ExternalService_GivesSchemeAndName()
    {
        var bank = _builder.AddExternalService("bank", "https://bank.test");

        var environment = await _builder.AddSleep("web").WithReference(bank).EnvironmentAsync();

        Assert.Equal("https://bank.test", environment["services__bank__https__0"]);
        Assert.Equal("https://bank.test", environment["BANK"]);
    }

    [Fact]
    public async Task WithReferenceEnvironment_GroupsSwitchedOff_AreLeftOut()
    {
        var service = _builder.AddService("api").WithHttpEndpoint(port: 5301);

        var environment = await _builder.AddSleep("web").WithReference(service)
            .WithReferenceEnvironment(ReferenceEnvironmentInjectionFlags.Endpoints).EnvironmentAsync();

        Assert.Contains("API_HTTP", environment.Keys);
        Assert.DoesNotContain("services__api__http__0", environment.Keys);
    }

    [Fact]
    public void WithReference_AnyResource_DrawsARelationshipAndWaitsForNothing()
    {
        var service = _builder.AddService("api").WithHttpEndpoint();

        var consumer = _builder.AddSleep("web").WithReference(service).Resource;

        var relationship = Assert.Single(consumer.Annotations.OfType<ResourceRelationshipAnnotation>());
        Assert.Equal(("api", "Reference"), (relationship.Resource.Name, relationship.Type));
        Assert.Empty(consumer.Annotations.OfType<WaitAnnotation>());
    }
}
