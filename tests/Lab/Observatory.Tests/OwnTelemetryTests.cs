using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Platform.Observatory.Ingest;
using Platform.Observatory.Otlp;
using Platform.Observatory.Releases;
using Platform.Observatory.Traces;

namespace Platform.Observatory.Tests;

public sealed class OwnTelemetryTests
{
    [Fact]
    public async Task Request_ThatFails_BecomesAnIssueOfObservatory()
    {
        await using var process = await ObservatoryProcess.StartAsync(services =>
            services.AddTransient<TraceListBuilder>(_ => throw new InvalidOperationException("no traces for mail@example.com"))
        );

        using var answer = await process.Http.GetAsync(new Uri("/traces", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(500, (int)answer.StatusCode);
        await Forwarding.UntilAsync(async () => (await process.GetJsonAsync("/api/issues"))["issues"]!.AsArray().Count == 1);
        var issue = (await Sentry.OnlyIssueAsync(process)).ToJsonString();
        Assert.Contains("InvalidOperationException", issue, StringComparison.Ordinal);
        Assert.Contains("\"observatory\"", issue, StringComparison.Ordinal);
        Assert.DoesNotContain("mail@example.com", issue, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deploys_OfReleasesThatReplaceAnother_AreCountedByService_WhateverItIsCalled()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var deploys = process.Services.GetRequiredService<DeployStore>();
        foreach (var release in new[] { "1.0", "1.1", "1.2", "1.2" })
        {
            deploys.Observe("orders", release, "test", null, DateTimeOffset.UtcNow);
        }

        deploys.Observe("a \"quoted\\\n name", "1.0", "test", null, DateTimeOffset.UtcNow);

        var text = await process.Management.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("platform_observatory_deploys_total{service=\"orders\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("platform_observatory_deploys_total{service=\"a \\\"quoted\\\\\\n name\"} 0\n", text, StringComparison.Ordinal);
    }

    /// <summary>One of two that is silent is hidden by the other in any sum.</summary>
    [Fact]
    public async Task LastReceived_IsOfEachInstance()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        foreach (var instance in new[] { "i-1", "i-2" })
        {
            var request = Telemetry.Request("orders", Telemetry.Span(1, trace: Guid.NewGuid().ToString("N")));
            request.ResourceSpans[0].Resource.Attributes.Single(known => known.Key == "service.instance.id").Value.StringValue = instance;
            await Send.HttpAsync(process, "/v1/traces", request.ToByteArray());
        }

        var text = await process.Management.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        foreach (var instance in new[] { "i-1", "i-2" })
        {
            Assert.Contains(
                $"platform_observatory_last_received_seconds{{service=\"orders\",service_instance_id=\"{instance}\"}}",
                text,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task Errors_OfIntakeAndForwarding_BecomeNoIssueAndOwnOnesAreBounded()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Logging:Console:LogLevel:Default=None");
        var loggers = process.Services.GetRequiredService<ILoggerFactory>();

        string[] others = [typeof(Intake).FullName!, "Platform.Observatory.Forward.Forwarder", "Microsoft.AspNetCore.Server.Kestrel"];

        foreach (var category in others)
        {
            loggers.CreateLogger(category).LogError(new InvalidOperationException("of no interest"), "failed");
        }

        for (var index = 0; index < 100; index++)
        {
            loggers.CreateLogger("Platform.Observatory.Pages.Anything").LogError(new InvalidOperationException("of interest"), "failed");
        }

        await Forwarding.UntilAsync(async () =>
            (await process.GetJsonAsync("/api/issues"))["issues"]!.AsArray() is [{ } issue] && (int?)issue["count"] == 30
        );
        Assert.DoesNotContain("of no interest", (await Sentry.OnlyIssueAsync(process)).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_OfOwnTelemetry_HasPagesAndWarningsAndNothingOfTheIntake()
    {
        await using var receiver = await ForwardReceiver.StartAsync(grpc: false);
        await using var further = await ForwardReceiver.StartAsync(grpc: false);
        await using var process = await ObservatoryProcess.StartAsync([
            .. Forwarding.To("a", further, grpc: false),
            $"--OTEL_EXPORTER_OTLP_ENDPOINT={receiver.Address}",
            "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
            "--OTEL_SERVICE_NAME=observatory",
            "--OTEL_BSP_SCHEDULE_DELAY=50",
            "--OTEL_BLRP_SCHEDULE_DELAY=50",
            "--Logging:OpenTelemetry:LogLevel:Default=Warning",
        ]);
        await Send.TracesAsync(process, "orders", Telemetry.Span(1));
        await Send.GrpcAsync(process, Send.LogsMethod, Telemetry.Request("orders", Telemetry.Log("a line")));
        await Sentry.SendAsync(process, Sentry.Event());
        await process.Http.GetAsync(new Uri("/traces?search=geheim", UriKind.Relative), TestContext.Current.CancellationToken);
        process
            .Services.GetRequiredService<ILoggerFactory>()
            .CreateLogger("Platform.Any")
            .LogWarning("Something with {Value}", "Bearer abcdefghijklmnopqrstuvwxyz0123456789");

        // Other tests of this process answer requests at the same time.
        IEnumerable<string> Names() => receiver.Spans.Where(span => Ports(process).Contains(PortOf(span))).Select(span => span.Name);
        await Forwarding.UntilAsync(() => Names().Any() && !receiver.Logs.IsEmpty && further.Spans.Count == 1);
        Assert.Equal(["GET /traces"], Names());
        Assert.All(
            receiver.Requests,
            request =>
            {
                var text = Encoding.UTF8.GetString(request.Body);
                Assert.Contains("observatory", text, StringComparison.Ordinal);
                Assert.DoesNotContain("geheim", text, StringComparison.Ordinal);
                Assert.DoesNotContain("abcdefghijklmnop", text, StringComparison.Ordinal);
            }
        );
        Assert.DoesNotContain(receiver.Logs, log => log.SeverityNumber < 13);
    }

    private static long[] Ports(ObservatoryProcess process) =>
        [process.Http.BaseAddress!.Port, process.OtlpHttp.BaseAddress!.Port, process.OtlpGrpc.BaseAddress!.Port];

    private static long PortOf(Span span) =>
        span.Attributes.FirstOrDefault(attribute => attribute.Key == "server.port")?.Value.IntValue ?? 0;
}
