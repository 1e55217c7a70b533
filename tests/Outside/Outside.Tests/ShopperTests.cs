using Platform.Traffic;

namespace Platform.Outside.Tests;

public sealed class ShopperTests
{
    [Fact]
    public void Shoppers_SameSeed_ComeInTheSameOrder()
    {
        var (first, second, other) = (new Shoppers(1, 0.05), new Shoppers(1, 0.05), new Shoppers(2, 0.05));

        Shopper[] expected = [.. Enumerable.Range(0, 100).Select(_ => first.Next())];

        Assert.Equal(expected, Enumerable.Range(0, 100).Select(_ => second.Next()));
        Assert.NotEqual(expected, Enumerable.Range(0, 100).Select(_ => other.Next()));
    }

    [Fact]
    public void Shoppers_Many_ComeFromEveryTenantAndDeclineAsOftenAsTold()
    {
        var shoppers = new Shoppers(1, 0.05);

        Shopper[] all = [.. Enumerable.Range(0, 10_000).Select(_ => shoppers.Next())];

        Assert.Equal(
            ["acme", "birch", "cedar", "dune", "ember", "fjord", "grove", "harbor"],
            all.Select(shopper => shopper.Tenant).Distinct().Order()
        );
        Assert.Equal(96, all.Select(shopper => shopper.User).Distinct().Count());
        Assert.Contains(all, shopper => shopper.User == "harbor-u12");
        Assert.InRange(all.Count(shopper => shopper.PaysWithDeclinedCard), 400, 600);
        Assert.InRange(all.Count(shopper => shopper.Tenant == "acme"), 2800, 3200);
    }

    [Fact]
    public void Shoppers_OfATenantThatSurges_ComeAsManyTimesAsOften()
    {
        var shoppers = new Shoppers(1, 0.05);

        Shopper[] all = [.. Enumerable.Range(0, 10_000).Select(_ => shoppers.Next(new Surge("harbor", 24)))];

        // 4 of 100 weights become 96 of 192.
        Assert.InRange(all.Count(shopper => shopper.Tenant == "harbor"), 4_800, 5_200);
        Assert.Equal(2 * 1.92, new Rate(2, new Surge("harbor", 24)).Total, 6);
    }

    [Fact]
    public void Basket_ProductsOfTwoCurrencies_HoldsOneCurrency()
    {
        Product[] products = [.. Enumerable.Range(0, 8).Select(i => new Product($"sku-{i}", "", 100, i % 2 == 0 ? "EUR" : "USD"))];
        var currencies = products.ToDictionary(product => product.Sku, product => product.Currency);

        var baskets = Enumerable.Range(0, 100).Select(seed => Basket.Fill(products, seed)).ToList();

        Assert.All(baskets, basket => Assert.Single(basket.Select(line => currencies[line.Sku]).Distinct()));
        Assert.All(baskets, basket => Assert.Equal(basket.Count, basket.Select(line => line.Sku).Distinct().Count()));
    }

    [Fact]
    public void Schedule_LateByLong_DoesNotCatchUpMoreThanASecond()
    {
        var schedule = new ArrivalSchedule();
        schedule.SetRate(10, TimeSpan.Zero);

        var onTime = schedule.TakeDue(TimeSpan.FromSeconds(1));
        var afterANight = schedule.TakeDue(TimeSpan.FromHours(8));

        Assert.Equal(10, onTime);
        Assert.InRange(afterANight, 1, 11);
    }

    [Fact]
    public void Schedule_RateZero_IsOffUntilItIsSet()
    {
        var schedule = new ArrivalSchedule();
        schedule.SetRate(0, TimeSpan.Zero);

        Assert.Equal(0, schedule.TakeDue(TimeSpan.FromHours(1)));
        Assert.Equal(Timeout.InfiniteTimeSpan, schedule.UntilNext(TimeSpan.FromHours(1)));
        schedule.SetRate(2, TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromMilliseconds(500), schedule.UntilNext(TimeSpan.FromHours(1)));
    }
}
