using System.Net;
using Platform.Outside.Tests.Support;

namespace Platform.Outside.Tests;

public sealed class VoidTests
{
    private static readonly TimeSpan Latency = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Void_BeforeTheCharge_BlocksTheKeyForEver()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        var key = Guid.NewGuid();

        var voided = await acquirer.VoidAsync(key);
        using var charge = await acquirer.ChargeAsync(key);

        Assert.Equal("voided", voided.GetProperty("status").GetString());
        Assert.False(voided.GetProperty("hadCharge").GetBoolean());
        Assert.Equal(HttpStatusCode.Conflict, charge.StatusCode);
        Assert.Equal("voided", (await Company.JsonOf(charge)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Void_WhileTheChargeIsUnderWay_RefusesTheCharge()
    {
        var clock = new ManualTimeProvider();
        await using var acquirer = await Company.StartAcquirerAsync(clock);
        var key = Guid.NewGuid();
        await acquirer.UsePresetAsync("slow");
        var underWay = acquirer.ChargeAsync(key);
        await Eventually.TrueAsync(() => clock.HasTimerDueIn(Latency), "the charge waits");
        await acquirer.UsePresetAsync("normal");

        var voided = await acquirer.VoidAsync(key);
        clock.Advance(Latency);
        using var charge = await underWay;

        Assert.False(voided.GetProperty("hadCharge").GetBoolean());
        Assert.Equal(HttpStatusCode.Conflict, charge.StatusCode);
        Assert.Equal(0, (await acquirer.AdminGetAsync("/admin/ledger")).GetProperty("totals").GetProperty("captured").GetInt32());
    }

    [Fact]
    public async Task Void_AfterTheCharge_TakesItBackAndRepeatingIsHarmless()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        var key = Guid.NewGuid();
        using var charge = await acquirer.ChargeAsync(key);

        var first = await acquirer.VoidAsync(key);
        var second = await acquirer.VoidAsync(key);
        using var found = await acquirer.Client.GetAsync($"/v1/charges/{key}", TestContext.Current.CancellationToken);

        Assert.True(first.GetProperty("hadCharge").GetBoolean());
        Assert.Equal(first.ToString(), second.ToString());
        Assert.Equal("voided", (await Company.JsonOf(found)).GetProperty("status").GetString());
        Assert.Equal(1, (await acquirer.AdminGetAsync("/admin/ledger?status=voided")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Void_RacingWithCharges_LeavesNoCapturedCharge()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        Guid[] keys = [.. Enumerable.Range(0, 20).Select(_ => Guid.NewGuid())];

        await Task.WhenAll(keys.SelectMany(key => new Task[] { acquirer.ChargeAsync(key), acquirer.VoidAsync(key) }));

        var totals = (await acquirer.AdminGetAsync("/admin/ledger")).GetProperty("totals");
        Assert.Equal(keys.Length, totals.GetProperty("voided").GetInt32());
        Assert.Equal(0, totals.GetProperty("captured").GetInt32());
    }
}
