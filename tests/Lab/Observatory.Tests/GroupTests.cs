using System.Net;
using System.Text.Json.Nodes;
using Platform.Observatory.Text;

namespace Platform.Observatory.Tests;

public sealed class GroupTests
{
    [Fact]
    public async Task Spans_ByAnAttribute_AreCountedAndTimed()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process);

        var answer = await process.GetJsonAsync("/api/telemetry/groups?signal=traces&by=shop.aisle");

        Assert.Equal(["left", null, "RIGHT \"x\" & y"], answer["groups"]!.AsArray().Select(group => group!["value"]?.ToString()));
        Assert.Equal((130, 0), ((int)answer["totalCount"]!, (int)answer["other"]!["count"]!));
        var left = answer["groups"]![0]!;
        Assert.Equal((100, 25), ((int)left["count"]!, (int)left["errors"]!));
        Assert.Equal((50.0, 95.0, 99.0), ((double)left["p50"]!, (double)left["p95"]!, (double)left["p99"]!));
        Assert.Equal(UnixTime.Of(Telemetry.Start + 1_000_000), left["first"]!.GetValue<DateTimeOffset>());
        Assert.Equal(UnixTime.Of(Telemetry.Start + 100_000_000), left["last"]!.GetValue<DateTimeOffset>());
    }

    [Fact]
    public async Task FailingSpans_ByAnAttribute_LinkToThemselves()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process);

        var answer = await process.GetJsonAsync(
            "/api/telemetry/groups?signal=traces&by=shop.aisle&hasError=true&resource=orders&search=" + Uri.EscapeDataString("duration>8ms")
        );

        var groups = answer["groups"]!.AsArray();
        Assert.Equal(3, groups.Count);

        foreach (var group in groups)
        {
            var linked = await process.GetJsonAsync(group!["links"]!["api"]!.ToString());
            using var page = await process.Http.GetAsync(
                new Uri(group["links"]!["page"]!.ToString(), UriKind.Relative),
                TestContext.Current.CancellationToken
            );

            Assert.Equal((int)group["count"]!, (int)linked["totalCount"]!);
            Assert.Equal((int)group["count"]!, (int)group["errors"]!);
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        }
    }

    [Fact]
    public async Task Groups_MoreThanTheLimit_AreOther()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process);

        var answer = await process.GetJsonAsync("/api/telemetry/groups?signal=traces&by=shop.aisle&limit=1");

        Assert.Single(answer["groups"]!.AsArray());
        Assert.Equal((2, 30, 30), ((int)answer["other"]!["groups"]!, (int)answer["other"]!["count"]!, (int)answer["other"]!["errors"]!));
    }

    [Theory]
    [InlineData("service", "orders:130")]
    [InlineData("status", "unset:75 error:55")]
    [InlineData("kind", "server:130")]
    [InlineData("release", "null:130")]
    public async Task Spans_ByAField_AreCounted(string by, string expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await FillAsync(process);

        Assert.Equal(expected, await ValuesAsync(process, "signal=traces&by=" + by));
    }

    [Fact]
    public async Task Logs_ByLevelOrEvent_AreCountedWithoutDurations()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var placed = Telemetry.Log("placed");
        placed.EventName = "order.placed";
        await Send.LogsAsync(process, "orders", placed, Telemetry.Log("broke", 17), Telemetry.Log("broke again", 18));

        Assert.Equal("error:2 information:1", await ValuesAsync(process, "signal=logs&by=level"));
        Assert.Equal("error:2", await ValuesAsync(process, "signal=logs&by=level&severity=warning"));
        Assert.Equal("null:2 order.placed:1", await ValuesAsync(process, "signal=logs&by=event"));
        Assert.Null((await process.GetJsonAsync("/api/telemetry/groups?signal=logs&by=level"))["groups"]![0]!["p95"]);
    }

    [Theory]
    [InlineData("by=a")]
    [InlineData("signal=metrics&by=a")]
    [InlineData("signal=traces")]
    [InlineData("signal=traces&by=a%20b")]
    [InlineData("signal=traces&by=a&search=b%3D")]
    public async Task Groups_QueryThatCannotBeRead_Is400(string query)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var response = await process.Http.GetAsync(
            new Uri("/api/telemetry/groups?" + query, UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    // 100 spans of 1 to 100 ms on the left, each fourth failed; 10 on the right and 20 nowhere, all failed.
    private static async Task FillAsync(ObservatoryProcess process)
    {
        var spans = Enumerable
            .Range(1, 130)
            .Select(number =>
            {
                var span = Telemetry.Span((ulong)number, failed: number > 100 || number % 4 == 0);
                span.EndTimeUnixNano = span.StartTimeUnixNano + ((ulong)number * 1_000_000);

                if (number <= 110)
                {
                    span.Attributes.Add(Telemetry.Attribute("shop.aisle", number > 100 ? "RIGHT \"x\" & y" : "left"));
                }

                return span;
            });
        await Send.TracesAsync(process, "orders", [.. spans]);
    }

    private static async Task<string> ValuesAsync(ObservatoryProcess process, string query)
    {
        JsonNode answer = await process.GetJsonAsync("/api/telemetry/groups?" + query);
        return string.Join(' ', answer["groups"]!.AsArray().Select(group => $"{group!["value"]?.ToString() ?? "null"}:{group["count"]}"));
    }
}
