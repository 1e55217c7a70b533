using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Platform.Outside.Tests.Support;

namespace Platform.Outside.Tests;

public sealed class WebhookTests
{
    [Fact]
    public async Task Webhook_EachDecision_IsAnnouncedSignedAndWithoutTraceHeaders()
    {
        var received = new ConcurrentQueue<ReceivedWebhook>();
        await using var receiver = await WebhookReceiver.StartAsync(received, () => 204);
        await using var acquirer = await Company.StartAcquirerAsync($"Acquirer:WebhookUrl={new Uri(receiver.Address, "hook")}");
        var key = Guid.NewGuid();

        (await acquirer.ChargeAsync(key)).Dispose();
        await Eventually.TrueAsync(() => received.Count == 1, "the charge is announced");
        (await acquirer.ChargeAsync(key)).Dispose();
        await acquirer.VoidAsync(key);
        (await acquirer.ChargeAsync(Guid.NewGuid(), "4000000000000002")).Dispose();
        await Eventually.TrueAsync(() => received.Count == 3, "void and decline are announced, the repetition is not");

        Assert.Equal(
            ["charge.captured", "charge.declined", "charge.voided"],
            received.Select(hook => hook.Json.GetProperty("type").GetString()).Order()
        );
        Assert.Equal(3, received.Select(hook => hook.Json.GetProperty("id").GetString()).Distinct().Count());
        Assert.Equal(key, received.First().Json.GetProperty("data").GetProperty("idempotencyKey").GetGuid());
        Assert.All(received, hook => Assert.Equal(ExpectedSignature(hook), hook.Headers["Acquirer-Signature"]));
        Assert.All(
            received,
            hook =>
                Assert.False(
                    hook.Headers.ContainsKey("traceparent") || hook.Headers.ContainsKey("baggage") || hook.Headers.ContainsKey("tracestate")
                )
        );
        await Eventually.TrueAsync(async () => (await CountAsync(acquirer, "delivered")) == 3, "three deliveries are counted");
    }

    [Fact]
    public async Task Webhook_ReceiverFails_IsTriedAgainWithGrowingDelaysAndNewSignatures()
    {
        var clock = new ManualTimeProvider();
        var received = new ConcurrentQueue<ReceivedWebhook>();
        await using var receiver = await WebhookReceiver.StartAsync(received, () => received.Count < 2 ? 500 : 200);
        await using var acquirer = await StartAsync(clock, receiver);

        (await acquirer.ChargeAsync(Guid.NewGuid())).Dispose();
        await Eventually.TrueAsync(() => clock.HasTimerDueIn(TimeSpan.FromSeconds(1)), "the first retry is due in 1 s");
        clock.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => clock.HasTimerDueIn(TimeSpan.FromSeconds(2)), "the second retry is due in 2 s");
        clock.Advance(TimeSpan.FromSeconds(2));
        await Eventually.TrueAsync(async () => (await CountAsync(acquirer, "delivered")) == 1, "the third attempt is taken");

        Assert.Equal(["1", "2", "3"], received.Select(hook => hook.Headers["Acquirer-Delivery-Attempt"]));
        Assert.Single(received.Select(hook => hook.Body).Distinct());
        Assert.Equal(3, received.Select(hook => hook.Headers["Acquirer-Signature"]).Distinct().Count());
        Assert.Equal(2, await CountAsync(acquirer, "failedAttempts"));
    }

    [Fact]
    public async Task Webhook_NobodyEverAnswersWell_IsGivenUpAndCounted()
    {
        var clock = new ManualTimeProvider();
        var received = new ConcurrentQueue<ReceivedWebhook>();
        await using var receiver = await WebhookReceiver.StartAsync(received, () => 302);
        await using var acquirer = await StartAsync(clock, receiver);

        (await acquirer.ChargeAsync(Guid.NewGuid())).Dispose();
        foreach (var (failures, delay) in new[] { (1, 1), (2, 2), (3, 5), (4, 10), (5, 30) })
        {
            await Eventually.TrueAsync(
                async () => await CountAsync(acquirer, "failedAttempts") == failures,
                $"attempt {failures} has failed"
            );
            await Eventually.TrueAsync(() => clock.HasTimerDueIn(TimeSpan.FromSeconds(delay)), $"a retry is due in {delay} s");
            clock.Advance(TimeSpan.FromSeconds(delay));
        }

        await Eventually.TrueAsync(async () => (await CountAsync(acquirer, "givenUp")) == 1, "the delivery is given up");
        Assert.Equal(6, received.Count);
        Assert.Contains(acquirer.Logs, line => line.Contains("given up after 6 attempts: status 302", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Webhook_DelayedByBehaviour_ComesWhenTheDelayHasPassed()
    {
        var clock = new ManualTimeProvider();
        var received = new ConcurrentQueue<ReceivedWebhook>();
        await using var receiver = await WebhookReceiver.StartAsync(received, () => 200);
        await using var acquirer = await StartAsync(clock, receiver);
        await acquirer.BehaveAsync(new { webhookDelayMs = 60_000 });

        (await acquirer.ChargeAsync(Guid.NewGuid())).Dispose();
        await Eventually.TrueAsync(() => clock.HasTimerDueIn(TimeSpan.FromSeconds(60)), "the delivery waits");
        Assert.Empty(received);
        clock.Advance(TimeSpan.FromSeconds(60));

        await Eventually.TrueAsync(() => received.Count == 1, "the delivery comes");
    }

    [Fact]
    public async Task Webhook_RepeatedByBehaviour_ComesSeveralTimesWithOneId()
    {
        var received = new ConcurrentQueue<ReceivedWebhook>();
        await using var receiver = await WebhookReceiver.StartAsync(received, () => 204);
        await using var acquirer = await Company.StartAcquirerAsync($"Acquirer:WebhookUrl={new Uri(receiver.Address, "hook")}");
        await acquirer.BehaveAsync(new { webhookCopies = 3 });

        (await acquirer.ChargeAsync(Guid.NewGuid())).Dispose();

        await Eventually.TrueAsync(() => received.Count == 3, "it comes three times");
        Assert.Single(received.Select(hook => hook.Json.GetProperty("id").GetString()).Distinct());
    }

    [Fact]
    public async Task Webhook_WronglySignedByBehaviour_HasASignatureOfAnotherKey()
    {
        var received = new ConcurrentQueue<ReceivedWebhook>();
        await using var receiver = await WebhookReceiver.StartAsync(received, () => 204);
        await using var acquirer = await Company.StartAcquirerAsync($"Acquirer:WebhookUrl={new Uri(receiver.Address, "hook")}");
        await acquirer.BehaveAsync(new { webhooksMissigned = true });

        (await acquirer.ChargeAsync(Guid.NewGuid())).Dispose();

        await Eventually.TrueAsync(() => received.Count == 1, "it comes");
        var hook = received.Single();
        Assert.NotEqual(ExpectedSignature(hook), hook.Headers["Acquirer-Signature"]);
        Assert.Equal(ExpectedSignature(hook).Length, hook.Headers["Acquirer-Signature"].Length);
    }

    [Fact]
    public async Task Webhook_SwitchedOff_IsNeverQueued()
    {
        await using var receiver = await WebhookReceiver.StartAsync([], () => 200);
        await using var acquirer = await StartAsync(TimeProvider.System, receiver);
        await acquirer.BehaveAsync(new { webhooks = false });

        (await acquirer.ChargeAsync(Guid.NewGuid())).Dispose();

        var counts = await acquirer.AdminGetAsync("/admin/webhooks");
        Assert.Equal(0, counts.GetProperty("queued").GetInt32() + counts.GetProperty("delivered").GetInt32());
    }

    private static Task<Company> StartAsync(TimeProvider time, TestApp receiver) =>
        Company.StartAcquirerAsync(time, $"Acquirer:WebhookUrl={new Uri(receiver.Address, "hook")}");

    private static async Task<int> CountAsync(Company acquirer, string name) =>
        (await acquirer.AdminGetAsync("/admin/webhooks")).GetProperty(name).GetInt32();

    private static string ExpectedSignature(ReceivedWebhook hook)
    {
        var timestamp = hook.Headers["Acquirer-Signature"].Split(',')[0][2..];
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Company.WebhookSecret), Encoding.UTF8.GetBytes($"{timestamp}.{hook.Body}"));
        return $"t={timestamp},v1={Convert.ToHexStringLower(mac)}";
    }
}
