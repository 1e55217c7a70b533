using System.Net;
using System.Net.Http.Json;
using Platform.Observatory.Text;

namespace Platform.Observatory.Tests;

public sealed class FaultTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddMinutes(-3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Faults_ThatWereTold_AreListedOnThePageAndMarkedOnCharts()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var (span, log) = (Telemetry.Span(1), Telemetry.Log("order.placed"));
        span.StartTimeUnixNano = log.TimeUnixNano = UnixTime.NanosOf(Start);
        span.EndTimeUnixNano = span.StartTimeUnixNano + 1;
        await Send.TracesAsync(process, "orders", span);
        await Send.LogsAsync(process, "orders", log);
        var empty = await process.Http.GetStringAsync("/faults", Cancellation);

        using var told = await TellAsync(
            process,
            new object[]
            {
                Fault("f1", "acquirer", "Slow <b>", Start, Start.AddMinutes(1)),
                Fault("f2", "redis", "Frozen", Start.AddMinutes(2), null),
            }
        );
        var page = await process.Http.GetStringAsync("/faults", Cancellation);

        Assert.Contains("Nothing was broken", empty, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
        Assert.Contains("Slow &lt;b&gt;", page, StringComparison.Ordinal);
        Assert.True(page.IndexOf("id=\"ff2\"", StringComparison.Ordinal) < page.IndexOf("id=\"ff1\"", StringComparison.Ordinal));
        Assert.Equal(2, page.Split("class=\"badge bad\">on<").Length);
        foreach (var chart in new[] { "/traces?range=5m", "/logs?range=5m" })
        {
            Assert.Equal(3, (await process.Http.GetStringAsync(chart, Cancellation)).Split("class=\"fault\"").Length);
        }
    }

    [Fact]
    public async Task Faults_ToldAgain_ReplaceThoseBefore()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        (await TellAsync(process, new object[] { Fault("f1", "acquirer", "Slow", Start, null) })).Dispose();

        (await TellAsync(process, new object[] { Fault("f2", "redis", "Frozen", Start, null) })).Dispose();

        var fault = Assert.Single((await process.GetJsonAsync("/api/faults"))["faults"]!.AsArray());
        Assert.Equal("f2", fault!["id"]!.ToString());
    }

    [Theory]
    [InlineData("{\"faults\":[{}]}")]
    [InlineData("{\"faults\":[{\"id\":\"a\",\"resource\":\"b\",\"title\":\"c\",\"startedAt\":\"soon\",\"endsAt\":\"later\"}]}")]
    [InlineData("[]")]
    [InlineData("no JSON")]
    public async Task Faults_ThatCannotBeRead_AreRefusedAndThoseBeforeStay(string body)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        (await TellAsync(process, new object[] { Fault("f1", "acquirer", "Slow", Start, null) })).Dispose();

        using var refused = await process.Http.PutAsync(
            "/api/faults",
            new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
            Cancellation
        );

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Single((await process.GetJsonAsync("/api/faults"))["faults"]!.AsArray());
    }

    [Fact]
    public async Task Faults_MoreThanTheLimit_AreRefused()
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var refused = await TellAsync(
            process,
            [.. Enumerable.Range(0, 201).Select(number => Fault($"f{number}", "redis", "Frozen", Start, null))]
        );

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    private static Task<HttpResponseMessage> TellAsync(ObservatoryProcess process, object[] faults) =>
        process.Http.PutAsJsonAsync("/api/faults", new { faults }, Cancellation);

    private static object Fault(string id, string resource, string title, DateTimeOffset startedAt, DateTimeOffset? endedAt) =>
        new
        {
            id,
            resource,
            title,
            scope = "",
            strength = 3_000,
            startedAt,
            endsAt = startedAt.AddMinutes(10),
            endedAt,
        };
}
