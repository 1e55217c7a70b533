using Aspire.Hosting.Testing;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>Telemetry=direct: services send to Aspire's dashboard themselves, and have redacted by then.</summary>
[Collection(nameof(SecondPlatform))]
public sealed class DirectTelemetryTests(SecondPlatform platform)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Services_SendingStraightToTheDashboard_HaveRedactedAlready()
    {
        var canaries = new Canaries();
        var shopper = await platform.Shop.SignInAsync("ember", "ember-u10", Cancellation);
        var text =
            $"refused for {canaries.Plant("card number", "5105105105105100")}, "
            + $"{canaries.Plant("e-mail", "eve.canary@example.org")}, password={canaries.Plant("password")}";
        string traceId;
        var database = await platform.App.GetConnectionStringAsync("ordersdb", Cancellation);
        await using (await Refusing.RowsAsync(database!, "orders", $"'{text}'", Cancellation))
        {
            using var response = await shopper.SendOrderAsync(
                Shopper.OneMug,
                CardInput.Valid,
                Guid.NewGuid(),
                Cancellation,
                [("User-Agent", "shop/1 direct-control"), ("X-Canary", canaries.Plant("header"))]
            );
            traceId = response.Headers.GetValues("X-Trace-Id").Single();
        }

        var spans = await AskAsync($"/api/telemetry/traces/{traceId}", "the dashboard has the failing trace");
        var logs = await AskAsync($"/api/telemetry/logs?traceId={traceId}", "and its records");
        var lines = await Eventually.GetAsync(
            async () => string.Join('\n', await ConsoleLines.ReadAsync(platform.App, "orders", Cancellation)),
            lines => lines.Contains("refused for ***", StringComparison.Ordinal),
            "the console has the failure"
        );

        Assert.Empty(new[] { spans, logs, lines }.SelectMany(canaries.In));
        Assert.Empty(await platform.Observatory.TraceAsync(traceId, Cancellation));
    }

    private Task<string> AskAsync(string path, string what) =>
        Eventually.GetAsync(
            async () =>
            {
                using var answer = await platform.Dashboard.Http.GetAsync(path, Cancellation);
                return await answer.Content.ReadAsStringAsync(Cancellation);
            },
            answer => answer.Contains("PostgresException", StringComparison.Ordinal),
            what
        );
}
