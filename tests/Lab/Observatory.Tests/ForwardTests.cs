using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Forward;
using Platform.Observatory.Otlp;
using static Platform.Observatory.Tests.Forwarding;

namespace Platform.Observatory.Tests;

/// <summary>What is forwarded, and what is not.</summary>
public sealed class ForwardTests
{
    [Theory]
    [InlineData("gzip")]
    [InlineData("none")]
    public async Task AllSignals_ToADestinationOfEachProtocol_ArriveOnceWithTheirHeaders(string compression)
    {
        await using var grpc = await ForwardReceiver.StartAsync(grpc: true);
        await using var http = await ForwardReceiver.StartAsync(grpc: false);
        await using var process = await ObservatoryProcess.StartAsync([
            .. To("a", grpc, grpc: true, "Headers=x-otlp-api-key=a%20b,x-team=shop", $"Compression={compression}"),
            .. To("0", http, grpc: false, "Name=second", $"Compression={compression}"),
        ]);

        for (var index = 0UL; index < 20; index++)
        {
            await Send.TracesAsync(process, "orders", Telemetry.Span((2 * index) + 1), Telemetry.Span((2 * index) + 2));
            await Send.GrpcAsync(process, Send.LogsMethod, Telemetry.Request("orders", Telemetry.Log($"line {index}")));
            await Send.HttpAsync(process, "/v1/metrics", Telemetry.Metrics("orders", 3).ToByteArray());
        }

        foreach (var (name, receiver) in new[] { ("a", grpc), ("second", http) })
        {
            await UntilAsync(process, name, "traces", lane => Count(lane, "sent") == 40);
            await UntilAsync(process, name, "logs", lane => Count(lane, "sent") == 20);
            var metrics = await UntilAsync(process, name, "metrics", lane => Count(lane, "sent") == 60);
            Assert.Equal(0, Count(metrics, "waitingItems") + Count(metrics, "refused") + Count(metrics, "retries"));
            Assert.Equal(Enumerable.Range(1, 40).Select(id => (ulong)id), receiver.SpanIds.Order());
            Assert.Equal(20, receiver.Logs.Select(log => log.Body.StringValue).Distinct().Count());
            Assert.Equal(20, receiver.Logs.Count);
            Assert.Equal(
                60,
                receiver
                    .Metrics.SelectMany(request => request.ResourceMetrics)
                    .SelectMany(group => group.ScopeMetrics)
                    .SelectMany(scope => scope.Metrics)
                    .Sum(metric => metric.Sum.DataPoints.Count)
            );
        }

        Assert.All(grpc.Requests, request => Assert.Equal(("a b", "shop"), (request.Headers["x-otlp-api-key"], request.Headers["x-team"])));
        Assert.All(http.Requests, request => Assert.Empty(request.Headers.Keys.Intersect(["x-otlp-api-key", "traceparent"])));
    }

    [Fact]
    public async Task Json_OfEachSignal_ArrivesAsTheSameTelemetry()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        await using var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc: false));
        var json = """
            {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"page"}}]},
              "scopeMetrics":[{"scope":{"name":"s"},"metrics":[
              {"name":"g","unit":"1","gauge":{"dataPoints":[
                {"asInt":"3","timeUnixNano":"5","attributes":[{"key":"k","value":{"stringValue":"v"}}]}]}},
              {"name":"c","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
                {"asDouble":1.5,"exemplars":[{"asInt":2,"traceId":"5b8efff798038103d269b633813fc60c"}]}]}},
              {"name":"h","histogram":{"aggregationTemporality":1,"dataPoints":[
                {"count":"3","sum":4.5,"min":0,"bucketCounts":["1","2"],"explicitBounds":[1]}]}},
              {"name":"e","exponentialHistogram":{"dataPoints":[
                {"count":1,"scale":-2,"zeroCount":1,"positive":{"offset":-3,"bucketCounts":["7"]},"zeroThreshold":0.5}]}},
              {"name":"q","summary":{"dataPoints":[{"count":2,"sum":3,"quantileValues":[{"quantile":0.5,"value":1.5}]}]}}]}]}]}
            """;

        await Send.HttpAsync(process, "/v1/metrics", System.Text.Encoding.UTF8.GetBytes(json), Send.Json);

        await UntilAsync(process, "a", "metrics", lane => Count(lane, "sent") == 5);
        var metrics = receiver.Metrics.Single().ResourceMetrics.Single().ScopeMetrics.Single().Metrics;
        var gauge = metrics[0].Gauge.DataPoints[0];
        Assert.Equal((3L, 5UL, "v"), (gauge.AsInt, gauge.TimeUnixNano, gauge.Attributes[0].Value.StringValue));
        var sum = metrics[1].Sum;
        Assert.Equal((true, 1.5, 2L), (sum.IsMonotonic, sum.DataPoints[0].AsDouble, sum.DataPoints[0].Exemplars[0].AsInt));
        var histogram = metrics[2].Histogram.DataPoints[0];
        Assert.Equal((3UL, 4.5, true, false), (histogram.Count, histogram.Sum, histogram.HasMin, histogram.HasMax));
        Assert.Equal([1UL, 2UL], histogram.BucketCounts);
        Assert.Equal([1.0], histogram.ExplicitBounds);
        var exponential = metrics[3].ExponentialHistogram.DataPoints[0];
        Assert.Equal((-2, -3, 7UL), (exponential.Scale, exponential.Positive.Offset, exponential.Positive.BucketCounts[0]));
        Assert.Equal(1.5, metrics[4].Summary.DataPoints[0].QuantileValues[0].Value);
    }

    [Fact]
    public async Task Secrets_AnywhereInASignal_ReachNoDestination()
    {
        const string Secret = "Bearer abcdefghijklmnopqrstuvwxyz0123456789";
        await using var receiver = await ForwardReceiver.StartAsync(grpc: true);
        await using var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc: true));
        var request = Telemetry.Metrics("orders", 0);
        request.ResourceMetrics[0].Resource.Attributes.Add(Telemetry.Attribute("note", Secret));
        var exemplar = new Exemplar { FilteredAttributes = { Telemetry.Attribute("password", "hunter2-hunter2") } };
        var metrics = request.ResourceMetrics[0].ScopeMetrics[0].Metrics;
        var header = Telemetry.Attribute("header", Secret);
        var number = new NumberDataPoint { Attributes = { header }, Exemplars = { exemplar } };
        metrics.Add(
            new Metric
            {
                Name = "g",
                Gauge = new Gauge { DataPoints = { number } },
            }
        );
        var buckets = new HistogramDataPoint { BucketCounts = { 1, 2 }, Attributes = { header } };
        metrics.Add(
            new Metric
            {
                Name = "h",
                Histogram = new Histogram { DataPoints = { buckets } },
            }
        );
        metrics.Add(
            new Metric
            {
                Name = "s",
                Summary = new Summary { DataPoints = { new SummaryDataPoint { Attributes = { header } } } },
            }
        );
        var exponential = new ExponentialHistogramDataPoint { Attributes = { header }, Exemplars = { exemplar } };
        metrics.Add(
            new Metric
            {
                Name = "e",
                ExponentialHistogram = new ExponentialHistogram { DataPoints = { exponential } },
            }
        );
        metrics.Add(
            new Metric
            {
                Name = "d",
                Description = Secret,
                Metadata = { Telemetry.Attribute("token", "hunter2-hunter2") },
            }
        );
        var span = Telemetry.Span(1);
        span.Attributes.Add(Telemetry.Attribute("http.request.header.authorization", Secret));

        await Send.HttpAsync(process, "/v1/metrics", request.ToByteArray());
        await Send.TracesAsync(process, "orders", span);
        await Send.LogsAsync(process, "orders", Telemetry.Log("the header was " + Secret));

        await UntilAsync(() => receiver.Requests.Count == 3 && receiver.Metrics.Count == 1);
        Assert.All(
            receiver.Requests,
            each =>
            {
                var text = System.Text.Encoding.Latin1.GetString(each.Body);
                Assert.DoesNotContain("abcdefghijklmnop", text, StringComparison.Ordinal);
                Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
            }
        );
        var histogram = receiver.Metrics.Single().ResourceMetrics[0].ScopeMetrics[0].Metrics.Single(metric => metric.Name == "h").Histogram;
        Assert.Equal([1UL, 2UL], histogram.DataPoints[0].BucketCounts);
    }

    [Fact]
    public async Task Items_ThatTheIntakeRejects_AreNotForwarded()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: true);
        await using var process = await ObservatoryProcess.StartAsync(To("a", receiver, grpc: true));
        var wrong = Telemetry.Log("wrong");
        wrong.TraceId = ByteString.CopyFrom(1, 2, 3);

        await Send.TracesAsync(process, "orders", Telemetry.Span(1), Telemetry.Span(0), Telemetry.Span(2));
        await Send.LogsAsync(process, "orders", wrong, Telemetry.Log("right"));

        await UntilAsync(process, "a", "traces", lane => Count(lane, "sent") == 2);
        await UntilAsync(process, "a", "logs", lane => Count(lane, "sent") == 1);
        Assert.Equal([1UL, 2UL], receiver.SpanIds);
        Assert.Equal("right", receiver.Logs.Single().Body.StringValue);
    }

    [Fact]
    public async Task History_ThatIsReplayed_IsNotForwardedAgain()
    {
        var directory = Directory.CreateTempSubdirectory("forward").FullName;
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        string[] settings = [.. To("a", receiver, grpc: false), $"--Observatory:DataDirectory={directory}"];

        await using (var first = await ObservatoryProcess.StartAsync(settings))
        {
            await Send.TracesAsync(first, "orders", Telemetry.Span(1));
            await UntilAsync(() => receiver.Spans.Count == 1);
        }

        await using var second = await ObservatoryProcess.StartAsync(settings);
        await Send.TracesAsync(second, "orders", Telemetry.Span(2));
        await UntilAsync(() => receiver.Spans.Count == 2);
        Assert.Equal([1UL, 2UL], receiver.SpanIds);
        Assert.Equal(2, (int?)(await second.GetJsonAsync("/api/telemetry/stats"))["spans"]!["stored"]);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Figures_OfForwarding_AreOnThePageAndInTheMetrics()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: true);
        await using var process = await ObservatoryProcess.StartAsync([
            .. To("dashboard", receiver, grpc: true),
            "--Observatory:ApiKey=programs",
        ]);
        await Send.TracesAsync(process, "orders", Telemetry.Span(1), Telemetry.Span(2));
        var forwarder = process.Services.GetRequiredService<Forwarder>();
        await UntilAsync(() => forwarder.Stats[0].Signals.Single(lane => lane.Signal == "traces").Sent == 2);

        process.Http.DefaultRequestHeaders.Add("x-api-key", "programs");
        process.Management.DefaultRequestHeaders.Add("x-api-key", "programs");
        var page = await process.Http.GetStringAsync(new Uri("/store", UriKind.Relative), TestContext.Current.CancellationToken);
        var metrics = await process.Management.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("<h2>Forwarding</h2>", page, StringComparison.Ordinal);
        Assert.Contains(
            """observatory_forward_items_total{destination="dashboard",signal="traces",outcome="sent"} 2""",
            metrics,
            StringComparison.Ordinal
        );
        Assert.Contains(
            """observatory_forward_waiting_size_bytes{destination="dashboard",signal="logs"} 0""",
            metrics,
            StringComparison.Ordinal
        );
    }
}
