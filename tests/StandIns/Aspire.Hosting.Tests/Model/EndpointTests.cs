using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class EndpointTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create();

    [Fact]
    public void Port_Fixed_IsThePublicPort()
    {
        var endpoint = _builder.AddSleep("api").WithHttpEndpoint(port: 5301).GetEndpoint("http");

        _builder.Allocate();

        Assert.Equal("http://localhost:5301", endpoint.Url);
    }

    [Fact]
    public void Port_NotGiven_ComesFromTheProxylessRange()
    {
        var endpoint = _builder.AddSleep("api").WithHttpEndpoint().GetEndpoint("http");

        _builder.Allocate();

        Assert.InRange(endpoint.Port, 10000, 32767);
    }

    [Fact]
    public void Port_RandomizePorts_IgnoresProxiedPortsAndKeepsOthers()
    {
        var builder = AppModel.Create("DcpPublisher:RandomizePorts=true");
        var api = builder.AddSleep("api").WithHttpEndpoint(port: 5301).WithHttpEndpoint(port: 5302, name: "direct", isProxied: false);

        builder.Allocate();

        Assert.NotEqual(5301, api.GetEndpoint("http").Port);
        Assert.Equal(5302, api.GetEndpoint("direct").Port);
    }

    [Fact]
    public void Port_ManyRandomEndpoints_AreAllDifferent()
    {
        var api = _builder.AddSleep("api");
        for (var i = 0; i < 50; i++)
        {
            api.WithHttpEndpoint(name: $"http{i}");
        }

        _builder.Allocate();

        Assert.Equal(50, api.Resource.GetEndpoints().Select(e => e.Port).Distinct().Count());
    }

    [Fact]
    public async Task Port_VariableName_HoldsTheTargetPort()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint(env: "PORT");

        var environment = await api.EnvironmentAsync();

        Assert.Equal(api.GetEndpoint("http").Port.ToString(null, null), environment["PORT"]);
    }

    [Fact]
    public async Task Port_NoVariableName_SetsNone()
    {
        Assert.DoesNotContain("PORT", (await _builder.AddSleep("api").WithHttpEndpoint().EnvironmentAsync()).Keys);
    }

    [Fact]
    public void WithEndpoint_ExistingName_ChangesOnlyWhatIsGiven()
    {
        var api = _builder.AddSleep("api").WithEndpoint(port: 5301, scheme: "http", name: "web", isExternal: true);

        api.WithEndpoint(port: 5309, name: "web", isProxied: false);

        var endpoint = Assert.Single(api.Resource.Annotations.OfType<EndpointAnnotation>());
        Assert.Equal((5309, "http", true, false), (endpoint.Port, endpoint.UriScheme, endpoint.IsExternal, endpoint.IsProxied));
    }

    [Fact]
    public void WithEndpoint_NoName_IsCalledByItsSchemeOrProtocol()
    {
        var api = _builder.AddSleep("api").WithEndpoint(scheme: "amqp").WithEndpoint();

        Assert.Equal(["amqp", "tcp"], api.Resource.Annotations.OfType<EndpointAnnotation>().Select(e => e.Name));
    }

    [Fact]
    public void Allocate_ProxiedProcessWithEqualPorts_Throws()
    {
        _builder.AddSleep("api").WithHttpEndpoint(port: 5301, targetPort: 5301);

        Assert.Throws<InvalidOperationException>(_builder.Allocate);
    }

    [Fact]
    public void Allocate_ContainerWithoutTargetPort_Throws()
    {
        _builder.AddContainer("api", "some/image").WithHttpEndpoint(port: 5301);

        Assert.Contains("TargetPort", Assert.Throws<InvalidOperationException>(_builder.Allocate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_OtherThanTheTargetPort_IsTheProxysAndTheProcessGetsItsOwn()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint(port: 5301, targetPort: 5302, env: "PORT");

        Assert.Equal("5302", (await api.EnvironmentAsync())["PORT"]);
        Assert.Equal("http://localhost:5301", api.GetEndpoint("http").Url);
        Assert.Equal(5302, api.GetEndpoint("http").EndpointAnnotation.ListenPort(api.Resource.InstanceId()));
    }

    [Fact]
    public void Allocate_OtherTargetPortWithoutProxy_Throws()
    {
        _builder.AddSleep("api").WithHttpEndpoint(port: 5301, targetPort: 5302, isProxied: false);

        Assert.Contains("has no proxy", Assert.Throws<InvalidOperationException>(_builder.Allocate).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, false, "proxy-less endpoint 'http'")]
    [InlineData(5302, true, "TargetPort")]
    public void Allocate_ReplicasThatCannotShare_Throws(int? targetPort, bool isProxied, string reason)
    {
        _builder.AddSleep("api").WithHttpEndpoint(targetPort: targetPort, isProxied: isProxied).Replicate(2);

        Assert.Contains(reason, Assert.Throws<InvalidOperationException>(_builder.Allocate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_Replicas_ShareThePublicOneAndHaveTheirOwn()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint(port: 5301, env: "PORT").Replicate(2);
        var web = _builder.AddSleep("web").WithEnvironment("API", api.GetEndpoint("http"));

        var ports = new List<string>();
        foreach (var instance in api.Resource.Instances())
        {
            ports.Add((await api.EnvironmentAsync(instance))["PORT"]);
        }

        Assert.Equal(3, ports.Append("5301").Distinct().Count());
        Assert.Equal("http://localhost:5301", (await web.EnvironmentAsync())["API"]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => api.GetEndpoint("http").Property(EndpointProperty.TargetPort).GetValueAsync(Limit.Token).AsTask());
    }

    [Fact]
    public async Task Property_EachKind_GivesItsText()
    {
        var endpoint = _builder.AddSleep("api").WithHttpEndpoint(port: 5301).GetEndpoint("http");
        _builder.Allocate();

        var values = new List<string?>();
        foreach (var property in Enum.GetValues<EndpointProperty>())
        {
            values.Add(await endpoint.Property(property).GetValueAsync(Limit.Token));
        }

        Assert.Equal(["http://localhost:5301", "localhost", "127.0.0.1", "5301", "http", "5301", "localhost:5301", "False"], values);
    }

    [Fact]
    public void Url_BeforeAllocation_Throws()
    {
        var endpoint = _builder.AddSleep("api").WithHttpEndpoint().GetEndpoint("http");

        Assert.True(endpoint.Exists);
        Assert.False(endpoint.IsAllocated);
        Assert.Throws<InvalidOperationException>(() => endpoint.Url);
    }

    [Fact]
    public void Host_ListensOnAllAddresses_IsShownAsLocalhost()
    {
        var api = _builder.AddSleep("api").WithHttpEndpoint(port: 5301).WithEndpoint("http", e => e.TargetHost = "0.0.0.0");

        _builder.Allocate();

        Assert.Equal("http://localhost:5301", api.GetEndpoint("http").Url);
    }
}
