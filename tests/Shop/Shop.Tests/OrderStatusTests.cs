using Platform.Orders;

namespace Platform.Shop.Tests;

public sealed class OrderStatusTests
{
    private static readonly (OrderStatus From, OrderStatus To)[] Legal =
    [
        (OrderStatus.Pending, OrderStatus.Paid),
        (OrderStatus.Pending, OrderStatus.Declined),
        (OrderStatus.Paid, OrderStatus.Fulfilled),
    ];

    [Fact]
    public void CanBecome_EveryPairOfStates_AllowsExactlyTheLegalMoves()
    {
        var states = Enum.GetValues<OrderStatus>();

        var allowed = from before in states from after in states where before.CanBecome(after) select (before, after);

        Assert.Equal(Legal, allowed.OrderBy(move => move));
    }

    [Fact]
    public void Parse_OfEveryText_IsTheStateAgain() =>
        Assert.All(Enum.GetValues<OrderStatus>(), status => Assert.Equal(status, OrderStatusExtensions.Parse(status.ToText())));

    [Fact]
    public void Parse_OfAnUnknownText_Throws() => Assert.Throws<FormatException>(() => OrderStatusExtensions.Parse("shipped"));
}
