using Platform.Payments;

namespace Platform.Shop.Tests;

public sealed class PaymentStepsTests
{
    private static readonly DateTimeOffset PayBy = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("due", false, -1, PaymentStep.Charge)]
    [InlineData("due", true, -1, PaymentStep.Ask)]
    [InlineData("due", false, 0, PaymentStep.Expire)]
    [InlineData("due", true, 0, PaymentStep.AskThenExpire)]
    [InlineData("due", true, 1, PaymentStep.AskThenExpire)]
    [InlineData("void_due", true, -1, PaymentStep.Void)]
    [InlineData("void_due", true, 1, PaymentStep.Void)]
    [InlineData("refund_due", false, -1, PaymentStep.Refund)]
    [InlineData("refund_due", true, 1, PaymentStep.Refund)]
    public void Next_OfAPayment_NeverChargesLateAndNeverAssumes(string status, bool maybeCharged, int secondsAfterPayBy, object expected) =>
        Assert.Equal((PaymentStep)expected, PaymentSteps.Next(status, maybeCharged, PayBy, PayBy.AddSeconds(secondsAfterPayBy)));

    [Fact]
    public void BackoffAfter_ManyAttempts_GrowsToItsLimit()
    {
        var options = new PaymentsOptions { Backoff = TimeSpan.FromSeconds(1), MaxBackoff = TimeSpan.FromSeconds(10) };

        var waits = Enumerable.Range(1, 6).Append(1_000_000).Select(attempts => options.BackoffAfter(attempts).TotalSeconds);

        Assert.Equal([1, 2, 4, 8, 10, 10, 10], waits);
    }
}
