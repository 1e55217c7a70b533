using System.Net;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Platform.Observatory.Alerts;
using Platform.Observatory.Incidents;
using Platform.Observatory.Otlp;
using Platform.Observatory.Releases;

namespace Platform.Observatory.Tests;

public sealed class IncidentTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private static DateTimeOffset Ago(double minutes) => Now.AddMinutes(-minutes);

    [Fact]
    public void Incidents_OfAlerts_OpenWithACriticalOneAndHaveAllOfTheirTime()
    {
        Alert[] alerts =
        [
            Alerts.Fake("Early", "warning", Ago(60), Ago(50)),
            Alerts.Fake("Cause", "warning", Ago(31), Ago(20), "none"),
            Alerts.Fake("Late", "critical", Ago(29), Ago(22), "delayed"),
            Alerts.Fake("Blocked", "critical", Ago(28), Ago(25), "blocked"),
            Alerts.Fake("Again", "critical", Ago(21), Ago(19), "delayed"),
            Alerts.Fake("Other", "critical", Ago(5), null, "blocked"),
        ];

        var incidents = Incident.Of(alerts, Now);

        Assert.Equal([("Other", null), ("Late", Ago(19))], incidents.Select(incident => (incident.Opened.Name, incident.EndedAt)));
        Assert.Equal(["Blocked", "Late", "Again", "Cause"], incidents[1].Alerts.Select(alert => alert.Name));
        Assert.Equal(("blocked", Ago(29)), (incidents[1].Impact, incidents[1].StartedAt));
    }

    [Fact]
    public void Incidents_OfWarningsAlone_AreNone() =>
        Assert.Empty(Incident.Of([Alerts.Fake("Slow", "warning", Ago(5)), Alerts.Fake("Seen", "info", Ago(5))], Now));

    /// <summary>What is over for a minute may come back; then it is the same incident.</summary>
    [Fact]
    public void Incident_ThatIsOverForAMinute_IsOpen_AndAfterThreeItIsClosed()
    {
        Alert[] alerts = [Alerts.Fake("Blocked", "critical", Ago(10), Ago(1))];

        Assert.Null(Assert.Single(Incident.Of(alerts, Now)).EndedAt);
        Assert.Equal(Ago(1), Assert.Single(Incident.Of(alerts, Now.AddMinutes(2))).EndedAt);
    }

    /// <summary>Alert, incident, who, and what happened before, as a program reads it: each address from the answer before.</summary>
    [Fact]
    public async Task Incident_OfAnAlert_NamesUsersDeployAndRecovery_ByApiAndPage()
    {
        await using var process = await ObservatoryProcess.StartAsync();
        var deploys = process.Services.GetRequiredService<DeployStore>();
        deploys.Observe("orders", "1.0", "test", null, Ago(300));
        deploys.Observe("orders", "1.1", "test", null, Ago(12));
        await Send.TracesAsync(process, "orders", [.. Enumerable.Range(1, 6).Select(Failing)]);
        process
            .Services.GetRequiredService<AlertLog>()
            .Write([
                Alerts.Fake("HighErrorRate", "critical", Ago(10), Ago(4), "blocked", view: "/traces?resource=orders&search=status%3Derror"),
                Alerts.Fake("DatabasePoolLow", "warning", Ago(9), Ago(5)),
            ]);

        var listed = (await process.GetJsonAsync("/api/incidents"))["incidents"]!.AsArray().Single()!;
        var incident = await process.GetJsonAsync(listed["links"]!["self"]!.GetValue<string>());
        var alert = await process.GetJsonAsync(incident["alerts"]![0]!["links"]!["self"]!.GetValue<string>());
        var warning = incident["alerts"]![1]!["id"]!.GetValue<string>();
        var page = await process.Http.GetStringAsync(listed["links"]!["page"]!.GetValue<string>(), TestContext.Current.CancellationToken);

        Assert.Equal("3 users in 2 tenants", incident["affected"]!.GetValue<string>().Replace(' ', ' '));
        Assert.Equal(incident["affected"]!.GetValue<string>(), alert["affected"]!.GetValue<string>());
        Assert.Equal(
            ["deploy", "alert", "alert", "recovery", "recovery", "closed"],
            incident["timeline"]!.AsArray().Select(item => item!["kind"]!.GetValue<string>())
        );
        Assert.Contains("orders 1.1", page, StringComparison.Ordinal);
        Assert.Contains("closed", page, StringComparison.Ordinal);
        Assert.Equal(
            listed["id"]!.GetValue<string>(),
            (await process.GetJsonAsync($"/api/incidents/{warning}"))["incident"]!["id"]!.GetValue<string>()
        );
    }

    /// <summary>Requests that fail for another reason are not those of an order that comes late.</summary>
    [Theory]
    [InlineData("delayed", "")]
    [InlineData("blocked", "3 users in 2 tenants")]
    public async Task Affected_OfAnAlertThatSelectsNoRequests_IsOfThoseThatFailOrUnknown(string impact, string expected)
    {
        await using var process = await ObservatoryProcess.StartAsync();
        await Send.TracesAsync(process, "gateway", [.. Enumerable.Range(1, 6).Select(Failing)]);
        process
            .Services.GetRequiredService<AlertLog>()
            .Write([Alerts.Fake("RabbitMqDown", "critical", Ago(10), Ago(4), impact, view: "/map")]);

        var listed = (await process.GetJsonAsync("/api/incidents"))["incidents"]!.AsArray().Single()!;
        var incident = await process.GetJsonAsync(listed["links"]!["self"]!.GetValue<string>());

        Assert.Equal(expected, incident["affected"]!.GetValue<string>().Replace('\u00a0', ' '));
    }

    [Theory]
    [InlineData("/api/incidents/none")]
    [InlineData("/incidents/none")]
    [InlineData("/api/alerts/none")]
    [InlineData("/api/alerts/none/metric")]
    [InlineData("/alerts/none")]
    [InlineData("/runbooks/none")]
    [InlineData("/runbooks/..%2Fetc%2Fpasswd")]
    public async Task Unknown_IsNotFound(string path)
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:RunbookDirectory=/etc");

        using var response = await process.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    /// <summary>From the alert to the deploy; what Prometheus answers is what 2.42 answered, shortened.</summary>
    [Fact]
    public async Task Trail_OfAnAlert_GoesByMetricAndExemplarToTraceLogsAndDeploy()
    {
        var at = Ago(5).ToUnixTimeSeconds();
        await using var prometheus = await JsonServer.StartAsync(
            "/api/v1/alerts",
            """{"status":"success","data":{"alerts":[]}}""",
            "/api/v1/query_range",
            $$$"""
            {"status":"success","data":{"resultType":"matrix","result":[
              {"metric":{"job":"orders"},"values":[[{{{at}}},"0.07"]]}]}}
            """,
            "/api/v1/query_exemplars",
            $$"""
            {"status":"success","data":[{"seriesLabels":{"job":"orders"},"exemplars":[
              {"labels":{"trace_id":"00000000000000000000000000000001"},"value":"0.1","timestamp":{{at + 1}}},
              {"labels":{"trace_id":"{{Telemetry.Trace}}","span_id":"0000000000000001"},"value":"0.25","timestamp":{{at}}}]}]}
            """
        );
        await using var process = await ObservatoryProcess.StartAsync($"--Observatory:PrometheusUrl={prometheus.Address}");
        var deploys = process.Services.GetRequiredService<DeployStore>();
        deploys.Observe("orders", "1.0", "test", null, Ago(300));
        var request = Telemetry.Request("orders", Failing(1));
        request.ResourceSpans[0].Resource.Attributes.Add(Telemetry.Attribute("service.version", "1.1"));
        await Send.HttpAsync(process, "/v1/traces", request.ToByteArray());
        await Sentry.SendAsync(process, Sentry.Event());
        await Send.LogsAsync(process, "orders", Telemetry.Log("The order is refused", severity: 17));
        process
            .Services.GetRequiredService<AlertLog>()
            .Write([
                Alerts.Fake("HighErrorRate", "critical", Ago(6), null, "blocked") with
                {
                    Labels = "alertname=HighErrorRate, job=orders, severity=critical",
                    Expression = "job:errors:ratio{job=\"orders\"} > 0.05 and job:requests:rate5m > 0.1",
                    Exemplars = "http_server_request_duration_seconds_bucket{job=\"orders\"}",
                },
            ]);

        var alert = (await process.GetJsonAsync("/api/alerts"))["history"]!
            .AsArray()
            .Single(alert => alert!["name"]!.GetValue<string>() == "HighErrorRate")!;
        var details = await process.GetJsonAsync(alert["address"]!.GetValue<string>());
        var metric = await process.GetJsonAsync(details["links"]!["metric"]!.GetValue<string>());
        var exemplar = Assert.Single(metric["exemplars"]!.AsArray())!;
        var trace = await process.GetJsonAsync(exemplar["trace"]!.GetValue<string>());
        var logs = await process.GetJsonAsync(trace["links"]!["logs"]!.GetValue<string>());
        var issue = await process.GetJsonAsync(trace["links"]!["issues"]![0]!["api"]!.GetValue<string>());
        var deploy = (await process.GetJsonAsync(trace["links"]!["deploys"]![0]!["api"]!.GetValue<string>()))["deploys"]![0]!;
        var page = await process.Http.GetStringAsync(details["links"]!["page"]!.GetValue<string>(), TestContext.Current.CancellationToken);

        Assert.Equal("job:errors:ratio{job=\"orders\"}", metric["expression"]!.GetValue<string>());
        Assert.Contains(metric["values"]!.AsArray(), value => value?.GetValue<double>() == 0.07);
        Assert.Contains("The order is refused", logs.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("The acquirer did not answer", issue.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(("orders", "1.1"), (deploy["service"]!.GetValue<string>(), deploy["release"]!.GetValue<string>()));
        Assert.Matches("(?s)>Alert<.*>Metric<.*>Trace<.*>Logs<.*>Issue<.*>Deploy<", page);
        Assert.Contains($"/traces/{Telemetry.Trace}", page, StringComparison.Ordinal);
        Assert.Contains("From symptom to cause", page, StringComparison.Ordinal);
    }

    private static Span Failing(int number)
    {
        var span = Telemetry.Span((ulong)number, name: "POST /orders", failed: true);
        var start = (ulong)Ago(8).ToUnixTimeMilliseconds() * 1_000_000;
        (span.StartTimeUnixNano, span.EndTimeUnixNano) = (start, start + 1_000_000);
        span.Attributes.Add(Telemetry.Attribute("user.id", $"u-{number % 3}"));
        span.Attributes.Add(Telemetry.Attribute("tenant.id", $"t-{number % 2}"));
        return span;
    }
}
