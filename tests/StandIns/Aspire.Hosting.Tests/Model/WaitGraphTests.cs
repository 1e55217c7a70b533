using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class WaitGraphTests
{
    private readonly IDistributedApplicationBuilder _builder = AppModel.Create();

    [Fact]
    public void Build_Cycle_NamesItsMembersOnly()
    {
        var (a, b, c) = (_builder.AddSleep("a"), _builder.AddSleep("b"), _builder.AddSleep("c"));
        a.WaitFor(b);
        b.WaitFor(c);
        c.WaitForCompletion(b);

        var error = Assert.Throws<DistributedApplicationException>(_builder.Build);

        Assert.Contains("b -> c -> b.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("a ->", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_TwoWaysToOneResource_IsNoCycle()
    {
        var root = _builder.AddSleep("root");
        var (left, right) = (_builder.AddSleep("left").WaitFor(root), _builder.AddSleep("right").WaitFor(root));
        _builder.AddSleep("end").WaitFor(left).WaitFor(right);

        using var app = _builder.Build();

        Assert.NotNull(app);
    }

    [Fact]
    public void WaitFor_Itself_Throws()
    {
        var a = _builder.AddSleep("a");

        var error = Assert.Throws<DistributedApplicationException>(() => a.WaitFor(a));

        Assert.Equal("The 'a' resource cannot wait for itself.", error.Message);
    }

    [Fact]
    public void WaitFor_ItsParent_Throws()
    {
        var parent = _builder.AddSleep("parent");
        var child = _builder.AddResource(new ChildResource("child", parent.Resource));

        var error = Assert.Throws<DistributedApplicationException>(() => child.WaitFor(parent));

        Assert.Equal("The 'child' resource cannot wait for its parent 'parent'.", error.Message);
    }

    [Fact]
    public void WaitFor_Database_AlsoWaitsForItsServer()
    {
        var database = _builder.AddPostgres("pg").AddDatabase("ordersdb");

        var consumer = _builder.AddSleep("web").WaitFor(database).Resource;

        Assert.Equal(["pg", "ordersdb"], consumer.Annotations.OfType<WaitAnnotation>().Select(w => w.Resource.Name));
    }

    [Fact]
    public void WaitFor_Resource_DrawsARelationship()
    {
        var consumer = _builder.AddSleep("web").WaitFor(_builder.AddSleep("api")).Resource;

        var relationship = Assert.Single(consumer.Annotations.OfType<ResourceRelationshipAnnotation>());
        Assert.Equal(("api", "WaitFor"), (relationship.Resource.Name, relationship.Type));
    }

    private sealed class ChildResource(string name, ExecutableResource parent)
        : ExecutableResource(name, "sleep", "/"), IResourceWithParent<ExecutableResource>
    {
        public ExecutableResource Parent { get; } = parent;
    }
}
