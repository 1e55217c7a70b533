using Platform.Contracts;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>A card number rests nowhere: not in database files, broker files, the acquirer's ledger, telemetry or dead letters.</summary>
public sealed class CardDataTests(PlatformFixture platform) : PlatformTest(platform)
{
    // Valid by its check digit, and used in no other test.
    private const string Number = "5555341244441115";

    [Fact]
    public async Task CardNumber_OfAnOrder_IsFoundInNoFileAndNoSignal()
    {
        var shopper = await Platform.Shop.SignInAsync("dune", "dune-u06", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation, card: new CardInput(Number, "11/31", "737"));
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        await Platform.Telemetry.WaitForTraceAsync(order.TraceId, OneTrace.LooksComplete, "the trace is complete", Cancellation);
        await DiskSearch.FlushDatabasesAsync(Platform, Cancellation);

        Assert.Empty(await DiskSearch.FindAsync(Platform.RunFolder, [Number], Cancellation));
        Assert.DoesNotContain(
            Number,
            (await Platform.Telemetry.RawTraceAsync(order.TraceId, Cancellation)).ToString(),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(Number, await Platform.Telemetry.LogsAsync("limit=10000", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_TheLastFourDigits_AreFoundInTheDatabaseFiles()
    {
        var shopper = await Platform.Shop.SignInAsync("dune", "dune-u07", Cancellation);
        var order = await shopper.PlaceAsync(Cancellation);
        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation);
        await DiskSearch.FlushDatabasesAsync(Platform, Cancellation);

        Assert.NotEmpty(await DiskSearch.FindAsync(Platform.WorkingDirectoryOf("postgres"), ["visa ending 4242"], Cancellation));

        // The broker's and the acquirer's files are searched too.
        Assert.NotEmpty(
            await DiskSearch.FindAsync(Platform.WorkingDirectoryOf("rabbitmq"), [ShopTopology.PaymentsOrderPlaced], Cancellation)
        );
        Assert.Contains(
            await DiskSearch.FindAsync(Platform.RunFolder, [order.Id.ToString()], Cancellation),
            found => found.File.Contains("acquirer", StringComparison.Ordinal)
        );
    }
}
