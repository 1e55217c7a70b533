using System.Net;
using Google.Protobuf;
using Platform.Observatory.Otlp;
using Platform.Observatory.Text;

namespace Platform.Observatory.Tests;

public sealed class UnfinishedTests
{
    private const string Query = "/api/telemetry/unfinished?started=order.placed&completed=order.completed";

    [Fact]
    public async Task Unfinished_SomeTracesHaveNoEnd_AreListedOldestFirst()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var now = DateTimeOffset.UtcNow;
        var done = Log("order.placed", 1, now.AddMinutes(-9));
        var stuck = Log("order.placed", 2, now.AddMinutes(-5));
        stuck.Attributes.Add(Telemetry.Attribute("platform.order.id", "ord-2"));
        var older = Log("order.placed", 3, now.AddMinutes(-7), asAttribute: true);
        var fresh = Log("order.placed", 4, now);
        var traceless = Log("order.placed", 5, now.AddMinutes(-6));
        traceless.TraceId = ByteString.Empty;
        await Send.LogsAsync(process, "orders", done, stuck, older, fresh, traceless, Log("order.placed.again", 6, now.AddMinutes(-5)));
        await Send.LogsAsync(process, "worker", Log("order.completed", 1, now, asAttribute: true));

        var old = await process.GetJsonAsync(Query + "&olderThan=60");
        var all = await process.GetJsonAsync(Query);
        var filtered = await process.GetJsonAsync(Query + "&search=platform.order.id%3Dord-2");

        Assert.Equal([Trace(3), Trace(2)], old["items"]!.AsArray().Select(item => item!["traceId"]!.ToString()));
        Assert.Equal((2, 4, 1), ((int)old["totalCount"]!, (int)old["started"]!, (int)old["withoutTrace"]!));
        Assert.Equal((3, 1), ((int)all["totalCount"]!, (int)filtered["totalCount"]!));
        var item = filtered["items"]![0]!;
        Assert.Equal(("ord-2", "orders"), (item["ids"]!["platform.order.id"]!.ToString(), item["service"]!.ToString()));
        Assert.Equal(1, (int)(await process.GetJsonAsync(item["links"]!["logs"]!.ToString()))["totalCount"]!);
        using var page = await process.Http.GetAsync(
            new Uri(item["links"]!["logsPage"]!.ToString(), UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Theory]
    [InlineData("started=a")]
    [InlineData("completed=a")]
    [InlineData("started=a&completed=b&olderThan=soon")]
    [InlineData("started=a&completed=b&olderThan=-1")]
    [InlineData("started=a&completed=b&search=x%3D")]
    public async Task Unfinished_QueryThatCannotBeRead_Is400(string query)
    {
        await using var process = await ObservatoryProcess.StartAsync();

        using var response = await process.Http.GetAsync(
            new Uri("/api/telemetry/unfinished?" + query, UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static string Trace(int number) => number.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    private static LogRecord Log(string name, int trace, DateTimeOffset at, bool asAttribute = false)
    {
        var log = Telemetry.Log("it is " + name, trace: Trace(trace));
        log.TimeUnixNano = UnixTime.NanosOf(at);

        if (asAttribute)
        {
            log.Attributes.Add(Telemetry.Attribute("event", name));
        }
        else
        {
            log.EventName = name;
        }

        return log;
    }
}
