using System.Net;
using System.Net.Http.Json;
using Platform.Outside.Tests.Support;

namespace Platform.Outside.Tests;

public sealed class BehaviourTests
{
    [Fact]
    public async Task TimingOut_Charge_IsInTheLedgerButNeverAnswered()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        await acquirer.UsePresetAsync("timing-out");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var key = Guid.NewGuid();

        var charge = acquirer.ChargeAsync(key, cancellationToken: patience.Token);
        await Eventually.TrueAsync(
            async () => (await acquirer.AdminGetAsync("/admin/ledger")).GetProperty("count").GetInt32() == 1,
            "the charge is made"
        );
        Assert.False(charge.IsCompleted);
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => charge);
        using var asked = await acquirer.Client.GetAsync($"/v1/charges/{key}", TestContext.Current.CancellationToken);
        Assert.Equal("captured", (await Company.JsonOf(asked)).GetProperty("status").GetString());
        var recorded = (await acquirer.AdminGetAsync($"/admin/requests?idempotencyKey={key}")).GetProperty("requests");
        Assert.Equal(System.Text.Json.JsonValueKind.Null, recorded[1].GetProperty("status").ValueKind);
    }

    [Fact]
    public async Task TimingOut_PatientCaller_IsCutOffAfterSixtySeconds()
    {
        var clock = new ManualTimeProvider();
        await using var acquirer = await Company.StartAcquirerAsync(clock);
        await acquirer.UsePresetAsync("timing-out");

        var charge = acquirer.ChargeAsync(Guid.NewGuid());
        await Eventually.TrueAsync(() => clock.HasTimerDueIn(TimeSpan.FromSeconds(60)), "the request is held");
        clock.Advance(TimeSpan.FromSeconds(60));

        await Assert.ThrowsAsync<HttpRequestException>(() => charge);
    }

    [Fact]
    public async Task TimingOut_Shutdown_DoesNotWaitForHeldRequests()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        await acquirer.UsePresetAsync("timing-out");
        var charge = acquirer.ChargeAsync(Guid.NewGuid());
        await Eventually.TrueAsync(
            async () => (await acquirer.AdminGetAsync("/admin/ledger")).GetProperty("count").GetInt32() == 1,
            "the charge is made"
        );

        await acquirer.StopAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => charge);
    }

    [Fact]
    public async Task Slow_CallerHangsUp_ChargeIsMadeAllTheSame()
    {
        var clock = new ManualTimeProvider();
        await using var acquirer = await Company.StartAcquirerAsync(clock);
        await acquirer.UsePresetAsync("slow");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var charge = acquirer.ChargeAsync(Guid.NewGuid(), cancellationToken: patience.Token);
        await Eventually.TrueAsync(() => clock.HasTimerDueIn(TimeSpan.FromSeconds(3)), "the charge waits");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => charge);
        clock.Advance(TimeSpan.FromSeconds(3));

        await Eventually.TrueAsync(
            async () => (await acquirer.AdminGetAsync("/admin/ledger")).GetProperty("count").GetInt32() == 1,
            "the charge is made"
        );
    }

    [Fact]
    public async Task Failing_EveryRequest_Gets503AndChargesNothing()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        await acquirer.UsePresetAsync("failing");

        using var answer = await acquirer.ChargeAsync(Guid.NewGuid());

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(0, (await acquirer.AdminGetAsync("/admin/ledger")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Limit_MoreThanSoManyInASecond_Get429WithRetryAfter()
    {
        var clock = new ManualTimeProvider();
        await using var acquirer = await Company.StartAcquirerAsync(clock);
        await acquirer.BehaveAsync(new { limitPerSecond = 2 });

        using var first = await acquirer.ChargeAsync(Guid.NewGuid());
        using var second = await acquirer.ChargeAsync(Guid.NewGuid());
        using var third = await acquirer.ChargeAsync(Guid.NewGuid());
        clock.Advance(TimeSpan.FromSeconds(1));
        using var later = await acquirer.ChargeAsync(Guid.NewGuid());

        Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, third.StatusCode);
        Assert.Equal("1", third.Headers.RetryAfter?.ToString());
        Assert.Equal(HttpStatusCode.Created, later.StatusCode);
    }

    [Theory]
    [InlineData("""{"errorRate":1.5}""", "errorRate")]
    [InlineData("""{"latencyMs":-1}""", "latencyMs")]
    [InlineData("""{"latencyMs":"fast"}""", "latencyMs")]
    [InlineData("""{"limitPerSecond":0}""", "limitPerSecond")]
    [InlineData("""{"errorrrate":1}""", "errorrrate")]
    public async Task PutBehaviour_OutOfRange_IsRefusedAndNamesTheField(string body, string field)
    {
        await using var acquirer = await Company.StartAcquirerAsync();

        using var answer = await acquirer.AdminAsync(HttpMethod.Put, "/admin/behaviour", new StringContent(body));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, (await Company.JsonOf(answer)).GetProperty("errors").EnumerateObject().Single().Name);
        Assert.Equal(0, (await acquirer.AdminGetAsync("/admin/behaviour")).GetProperty("latencyMs").GetInt32());
    }

    [Fact]
    public async Task Admin_WithoutTheKey_IsUnauthorized()
    {
        await using var acquirer = await Company.StartAcquirerAsync();

        foreach (var path in new[] { "/admin/behaviour", "/admin/requests", "/admin/ledger", "/admin/webhooks" })
        {
            using var answer = await acquirer.Client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        using var preset = await acquirer.Client.PostAsync("/admin/behaviour/failing", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, preset.StatusCode);
    }

    [Fact]
    public async Task Llm_Declining_IsNotOffered()
    {
        await using var llm = await Company.StartLlmAsync();

        using var preset = await llm.AdminAsync(HttpMethod.Post, "/admin/behaviour/declining", null);
        using var put = await llm.AdminAsync(HttpMethod.Put, "/admin/behaviour", JsonContent.Create(new { declineRate = 0.5 }));

        Assert.Equal(HttpStatusCode.BadRequest, preset.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, put.StatusCode);
    }

    [Fact]
    public async Task Recorder_RequestWithTraceparent_IsFoundByTraceIdWithItsKeyMasked()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        const string TraceId = "0af7651916cd43dd8448eb211c80319c";
        acquirer.Client.DefaultRequestHeaders.Add("traceparent", $"00-{TraceId}-b7ad6b7169203331-01");
        var key = Guid.NewGuid();
        (await acquirer.ChargeAsync(key)).Dispose();

        var found = (await acquirer.AdminGetAsync($"/admin/requests?traceId={TraceId}")).GetProperty("requests");
        var other = (await acquirer.AdminGetAsync("/admin/requests?traceId=00000000000000000000000000000001")).GetProperty("requests");

        Assert.Equal(1, found.GetArrayLength());
        Assert.Equal(key.ToString(), found[0].GetProperty("idempotencyKey").GetString());
        Assert.Equal(201, found[0].GetProperty("status").GetInt32());
        Assert.Equal("Bearer ***", found[0].GetProperty("headers").GetProperty("Authorization").GetString());
        Assert.False(found[0].GetProperty("headers").TryGetProperty("baggage", out _));
        Assert.Equal(0, other.GetArrayLength());
    }

    [Fact]
    public async Task Recorder_Cleared_StartsAgain()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        (await acquirer.ChargeAsync(Guid.NewGuid())).Dispose();

        using var cleared = await acquirer.AdminAsync(HttpMethod.Delete, "/admin/requests", null);

        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        Assert.Equal(0, (await acquirer.AdminGetAsync("/admin/requests")).GetProperty("seen").GetInt32());
    }

    [Fact]
    public async Task Stalling_Request_GetsHalfOfItsAnswerAndNoEnd()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        await acquirer.BehaveAsync(new { stallRate = 1.0 });
        var key = Guid.NewGuid();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/charges/{key}");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        using var response = await acquirer.Client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        var length = (int)response.Content.Headers.ContentLength!.Value;
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await body.ReadExactlyAsync(new byte[length / 2], TestContext.Current.CancellationToken);
        var rest = body.ReadAsync(new byte[1], patience.Token).AsTask();

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.False(rest.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rest);
    }

    [Fact]
    public async Task Garbage_Charge_IsMadeAndItsAnswerIsHalfOfTheJson()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        await acquirer.BehaveAsync(new { garbageRate = 1.0 });

        using var response = await acquirer.ChargeAsync(Guid.NewGuid());
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.StartsWith("{\"id\":", text, StringComparison.Ordinal);
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => System.Text.Json.JsonDocument.Parse(text));
        Assert.Equal(1, (await acquirer.AdminGetAsync("/admin/ledger")).GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("revoked", null)]
    [InlineData("expired", "Bearer error=\"invalid_token\", error_description=\"The token expired\"")]
    public async Task Key_ThatIsAcceptedNoMore_IsUnauthorizedUntilItIsAgain(string key, string? challenge)
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        await acquirer.BehaveAsync(new { key });

        using var refused = await acquirer.ChargeAsync(Guid.NewGuid());
        await acquirer.UsePresetAsync("normal");
        using var accepted = await acquirer.ChargeAsync(Guid.NewGuid());

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Created), (refused.StatusCode, accepted.StatusCode));
        Assert.Equal(challenge, refused.Headers.WwwAuthenticate.SingleOrDefault()?.ToString());
    }

    [Fact]
    public async Task OverTheLimit_Charge_IsToldHowLongToWait()
    {
        await using var acquirer = await Company.StartAcquirerAsync();
        await acquirer.BehaveAsync(new { limitPerSecond = 1, retryAfterSeconds = 5 });

        HttpResponseMessage? limited = null;
        while (limited is null)
        {
            var response = await acquirer.ChargeAsync(Guid.NewGuid());
            limited = response.StatusCode == HttpStatusCode.TooManyRequests ? response : null;
        }

        Assert.Equal(TimeSpan.FromSeconds(5), limited.Headers.RetryAfter!.Delta);
        limited.Dispose();
    }

    [Fact]
    public async Task Llm_SettingsOfWebhooks_AreRefused()
    {
        await using var llm = await Company.StartLlmAsync();

        foreach (var behaviour in new object[] { new { webhookCopies = 2 }, new { webhookJitterMs = 1 }, new { webhooksMissigned = true } })
        {
            using var refused = await llm.AdminAsync(HttpMethod.Put, "/admin/behaviour", JsonContent.Create(behaviour));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
    }
}
