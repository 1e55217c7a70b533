using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>Questions that nobody prepared for, answered from what is recorded anyway.</summary>
public sealed class QuestionTests(PlatformFixture platform) : PlatformTest(platform)
{
    [Fact]
    public async Task WhoIsAffected_ByAFailureOfOneTenant_IsThatTenantAlone()
    {
        var since = DateTimeOffset.UtcNow;
        await using (
            await Refusing.RowsAsync(Platform, "ordersdb", "orders", "'not for this one'", Cancellation, when: "NEW.tenant_id = 'cedar'")
        )
        {
            foreach (
                var (tenant, expected) in new[]
                {
                    ("acme", HttpStatusCode.Accepted),
                    ("cedar", HttpStatusCode.InternalServerError),
                    ("dune", HttpStatusCode.Accepted),
                }
            )
            {
                var shopper = await Platform.Shop.SignInAsync(tenant, $"{tenant}-u12", Cancellation);
                using var response = await shopper.OrderAsync(Shopper.OneMug, CardInput.Valid, Guid.NewGuid(), Cancellation);
                Assert.Equal(expected, response.StatusCode);
            }
        }

        var window = $"from={Uri.EscapeDataString(since.ToString("O"))}";
        await AskAsync(
            $"/api/telemetry/groups?signal=traces&by=tenant.id&hasError=true&resource=orders&{window}",
            answer => Values(answer).SequenceEqual(["cedar"]),
            "failing spans by tenant"
        );
        await AskAsync(
            $"/api/telemetry/groups?signal=traces&by=tenant.id&resource=orders&search=kind%3Dserver&{window}",
            answer => Values(answer).Order().SequenceEqual(["acme", "cedar", "dune"]),
            "all requests by tenant"
        );
        var search = Uri.EscapeDataString("environment=Development kind=server http.route=/api/orders");
        await AskAsync(
            $"/api/telemetry/groups?signal=traces&by=release&hasError=true&resource=orders&search={search}&{window}",
            answer => Values(answer).Count == 1,
            "errors by release, service, route and environment"
        );
    }

    [Fact]
    public async Task WhichOrders_OfATenantAboveAnAmount_AreFoundByNumber()
    {
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u11", Cancellation);
        var small = await shopper.PlaceAsync(Cancellation);
        var large = await shopper.PlaceAsync(Cancellation, lines: [new("mug-blue", 40)]);

        var search = Uri.EscapeDataString("event=order.placed tenant.id=birch user.id=birch-u11 TotalMinor>40000");
        var answer = await AskAsync(
            $"/api/telemetry/logs?limit=1000&search={search}",
            answer => answer.ToString().Contains(large.TraceId, StringComparison.Ordinal),
            "orders above an amount"
        );
        Assert.DoesNotContain(small.TraceId, answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatBeganAndDidNotEnd_IsFoundByTheEventThatIsMissing()
    {
        var shopper = await Platform.Shop.SignInAsync("birch", "birch-u12", Cancellation);
        const string question = "/api/telemetry/unfinished?started=order.placed&completed=payment.decided&olderThan=1";
        await Platform.CommandAsync("acquirer", "failing", Cancellation);
        PlacedOrder order;
        try
        {
            order = await shopper.PlaceAsync(Cancellation);
            await AskAsync(
                question,
                answer => answer.ToString().Contains(order.TraceId, StringComparison.Ordinal),
                "an order without a decision"
            );
        }
        finally
        {
            await Platform.CommandAsync("acquirer", "normal", Cancellation);
        }

        await shopper.WaitForAsync(order.Id, "fulfilled", Cancellation, TimeSpan.FromSeconds(90));
        await AskAsync(question, answer => !answer.ToString().Contains(order.TraceId, StringComparison.Ordinal), "the order was decided");
    }

    private async Task<JsonElement> AskAsync(string address, Func<JsonElement, bool> condition, string what) =>
        await Eventually.GetAsync(() => Platform.Telemetry.Http.GetFromJsonAsync<JsonElement>(address, Cancellation), condition, what);

    private static IReadOnlyList<string?> Values(JsonElement answer) =>
        [
            .. answer
                .GetProperty("groups")
                .EnumerateArray()
                .Select(group => group.Text("value"))
                .Where(value => !string.IsNullOrEmpty(value)),
        ];
}
