using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class NameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("orders-db2")]
    [InlineData("A-1-b")]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl")]
    public void AddResource_ValidName_Accepts(string name)
    {
        var builder = AppModel.Create();

        Assert.Equal(name, builder.AddSleep(name).Resource.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1orders")]
    [InlineData("-orders")]
    [InlineData("orders-")]
    [InlineData("orders--db")]
    [InlineData("orders_db")]
    [InlineData("orders.db")]
    [InlineData("größe")]
    [InlineData("orders\n")]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm")]
    public void AddResource_InvalidName_Throws(string name)
    {
        var builder = AppModel.Create();

        Assert.Throws<ArgumentException>(() => builder.AddSleep(name));
    }

    [Fact]
    public void AddResource_NameDiffersInCaseOnly_Throws()
    {
        var builder = AppModel.Create();
        builder.AddSleep("orders");

        var error = Assert.Throws<DistributedApplicationException>(() => builder.AddParameter("Orders"));

        Assert.Contains("Resource names are case-insensitive.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_TwoResourcesOfOneNameInTheCollection_Throws()
    {
        var builder = AppModel.Create();
        builder.AddSleep("orders");
        builder.Resources.Add(new ExecutableResource("ORDERS", "sleep", "/"));

        var error = Assert.Throws<DistributedApplicationException>(builder.Build);

        Assert.Equal("Multiple resources with the name 'orders'. Resource names are case-insensitive.", error.Message);
    }

    [Fact]
    public void Build_InvalidNameInTheCollection_Throws()
    {
        var builder = AppModel.Create();
        builder.Resources.Add(new ExecutableResource("not_valid", "sleep", "/"));

        Assert.Throws<ArgumentException>(builder.Build);
    }

    [Fact]
    public void ResourceId_Process_IsTheNameAndEightLetters()
    {
        var builder = AppModel.Create();

        Assert.Matches("^orders-[a-hjkmnp-z]{8}$", builder.AddSleep("orders").Resource.InstanceId());
    }

    [Fact]
    public void ResourceId_NoProcess_IsTheName()
    {
        var builder = AppModel.Create();

        Assert.Equal("colour", builder.AddParameter("colour").Resource.InstanceId());
    }
}
