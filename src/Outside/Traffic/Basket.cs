namespace Platform.Traffic;

internal static class Basket
{
    private const int MaxLines = 3;
    private const int MaxQuantity = 3;

    /// <summary>One to three articles of one currency, the same for the same seed and products.</summary>
    public static IReadOnlyList<OrderLine> Fill(IReadOnlyList<Product> products, int seed)
    {
        var random = new Random(seed);
        var currency = products[random.Next(products.Count)].Currency;
        Product[] choice = [.. products.Where(product => product.Currency == currency)];
        random.Shuffle(choice);
        return
        [
            .. choice.Take(random.Next(1, MaxLines + 1)).Select(product => new OrderLine(product.Sku, random.Next(1, MaxQuantity + 1))),
        ];
    }
}
