using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;

namespace Aspire.Hosting.Tests.Model;

public sealed class ReferenceExpressionTests
{
    private readonly IResourceBuilder<ParameterResource> _secret = AppModel.Create().AddParameter("secret", "a b/{c}");

    [Fact]
    public async Task Create_LiteralsAndValues_JoinsThem()
    {
        var expression = ReferenceExpression.Create($"user=me;password={_secret};{"{literal}"}");

        Assert.Equal("user=me;password=a b/{c};{literal}", await expression.GetValueAsync(Limit.Token));
        Assert.Equal("user=me;password={secret.value};{literal}", expression.ValueExpression);
        Assert.Same(_secret.Resource, Assert.Single(expression.ValueProviders));
    }

    [Fact]
    public async Task Create_UriFormat_EscapesValueAndText()
    {
        var expression = ReferenceExpression.Create($"amqp://{"me@home":uri}:{_secret:uri}@host");

        Assert.Equal("amqp://me%40home:a%20b%2F%7Bc%7D@host", await expression.GetValueAsync(Limit.Token));
    }

    [Fact]
    public async Task GetValue_EmptyExpression_IsNull()
    {
        Assert.Null(await ReferenceExpression.Empty.GetValueAsync(Limit.Token));
    }

    [Fact]
    public async Task Builder_PieceByPiece_GivesTheSame()
    {
        var builder = new ReferenceExpressionBuilder();
        Assert.True(builder.IsEmpty);
        builder.AppendLiteral("password=");
        builder.AppendFormatted(_secret.Resource, "uri");

        Assert.Equal("password=a%20b%2F%7Bc%7D", await builder.Build().GetValueAsync(Limit.Token));
    }

    [Fact]
    public async Task Create_ExpressionWithinExpression_ResolvesBoth()
    {
        var inner = ReferenceExpression.Create($"[{_secret}]");

        Assert.Equal("<[a b/{c}]>", await ReferenceExpression.Create($"<{inner}>").GetValueAsync(Limit.Token));
    }
}
