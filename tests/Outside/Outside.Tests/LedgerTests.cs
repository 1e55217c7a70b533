using System.Net;
using Microsoft.Extensions.Options;
using Platform.Outside.Tests.Support;

namespace Platform.Outside.Tests;

public sealed class LedgerTests
{
    [Fact]
    public async Task Ledger_Restarted_ForgetsNothing()
    {
        using var directory = new LedgerDirectory();
        var (captured, declined, voided, blocked) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        string before;
        await using (var first = await Company.StartAcquirerAsync(directory.Setting))
        {
            (await first.ChargeAsync(captured)).Dispose();
            (await first.ChargeAsync(declined, "4000000000000002")).Dispose();
            (await first.ChargeAsync(voided)).Dispose();
            await first.VoidAsync(voided);
            await first.VoidAsync(blocked);
            before = (await first.AdminGetAsync("/admin/ledger")).ToString();
        }

        await using var second = await Company.StartAcquirerAsync(directory.Setting);
        using var repeated = await second.ChargeAsync(captured);
        using var other = await second.ChargeAsync(captured, amount: 1);
        using var refused = await second.ChargeAsync(blocked);

        Assert.Equal(before, (await second.AdminGetAsync("/admin/ledger")).ToString());
        Assert.Equal(HttpStatusCode.OK, repeated.StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.True((await second.VoidAsync(voided)).GetProperty("hadCharge").GetBoolean());
    }

    [Fact]
    public async Task Ledger_TornLastLine_IsDroppedAndSaid()
    {
        using var directory = new LedgerDirectory();
        var (whole, torn) = (Guid.NewGuid(), Guid.NewGuid());
        await using (var first = await Company.StartAcquirerAsync(directory.Setting))
        {
            (await first.ChargeAsync(whole)).Dispose();
            (await first.ChargeAsync(torn)).Dispose();
        }

        await using (var stream = new FileStream(directory.File, FileMode.Open))
        {
            stream.SetLength(stream.Length - 20);
        }

        await using (var second = await Company.StartAcquirerAsync(directory.Setting))
        {
            using var again = await second.ChargeAsync(torn);
            Assert.Equal(HttpStatusCode.Created, again.StatusCode);
            Assert.Contains(second.Logs, line => line.StartsWith("Dropped a torn last line", StringComparison.Ordinal));
        }

        Assert.Equal(2, (await File.ReadAllLinesAsync(directory.File, TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task Ledger_DamagedInTheMiddle_StopsTheStart()
    {
        using var directory = new LedgerDirectory();
        await File.WriteAllTextAsync(directory.File, "not json\n", TestContext.Current.CancellationToken);

        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => Company.StartAcquirerAsync(directory.Setting));

        Assert.Contains("line 1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ledger_UsedByAnotherAcquirer_StopsTheStart()
    {
        using var directory = new LedgerDirectory();
        await using var first = await Company.StartAcquirerAsync(directory.Setting);

        await Assert.ThrowsAsync<IOException>(() => Company.StartAcquirerAsync(directory.Setting));

        using var charge = await first.ChargeAsync(Guid.NewGuid());
        Assert.Equal(HttpStatusCode.Created, charge.StatusCode);
    }

    [Fact]
    public async Task Ledger_OnDisk_HasNoFullCardNumber()
    {
        using var directory = new LedgerDirectory();
        await using (var acquirer = await Company.StartAcquirerAsync(directory.Setting))
        {
            (await acquirer.ChargeAsync(Guid.NewGuid())).Dispose();
            Assert.DoesNotContain(acquirer.Logs, line => line.Contains("4242424242424242", StringComparison.Ordinal));
        }

        var text = await File.ReadAllTextAsync(directory.File, TestContext.Current.CancellationToken);

        Assert.Contains("4242", text, StringComparison.Ordinal);
        Assert.DoesNotContain("4242424242424242", text, StringComparison.Ordinal);
        Assert.DoesNotContain("12/40", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ledger_ReadInPages_ShowsEveryEntryOnce()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        for (var i = 0; i < 5; i++)
        {
            (await acquirer.ChargeAsync(Guid.NewGuid(), i == 2 ? "4000000000000002" : "4242424242424242")).Dispose();
        }

        var numbers = new List<int>();
        int? after = 0;
        while (after is not null)
        {
            var page = await acquirer.AdminGetAsync($"/admin/ledger?status=captured&limit=3&after={after}");
            numbers.AddRange(page.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("number").GetInt32()));
            after = page.GetProperty("next").ValueKind == System.Text.Json.JsonValueKind.Null ? null : page.GetProperty("next").GetInt32();
        }

        Assert.Equal([1, 2, 4, 5], numbers);
    }

    [Theory]
    [InlineData("Acquirer:LedgerCapacity=0", "Acquirer:LedgerCapacity")]
    [InlineData("Acquirer:LedgerDirectory=", "Acquirer:LedgerDirectory")]
    [InlineData("Acquirer:WebhookUrl=/hook", "Acquirer:WebhookUrl")]
    public async Task Options_OutOfRange_StopTheStartAndNameTheKey(string setting, string key)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => Company.StartAcquirerAsync(setting));

        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Outlives the acquirers that use it one after the other.</summary>
    private sealed class LedgerDirectory : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("outside-tests-ledger-");

        public string Setting => $"Acquirer:LedgerDirectory={_directory.FullName}";

        public string File => Path.Combine(_directory.FullName, "ledger.jsonl");

        public void Dispose() => _directory.Delete(recursive: true);
    }
}
