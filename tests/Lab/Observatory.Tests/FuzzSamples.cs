using System.Text;
using Google.Protobuf;
using Platform.Observatory.History;
using Platform.Observatory.Otlp;

namespace Platform.Observatory.Tests;

/// <summary>Valid inputs for every reader, with all parts filled.</summary>
internal static class FuzzSamples
{
    public static readonly ExportTraceServiceRequest Traces = Telemetry.Request("orders", Telemetry.FullSpan(), Telemetry.Span(2));

    public static readonly ExportLogsServiceRequest Logs = Telemetry.Request(
        "orders",
        Telemetry.Log("charged 4111 1111 1111 1111"),
        Telemetry.Log("two", 17)
    );

    // Each is one line of an envelope.
    private static readonly string EnvelopeHeader = OneLine(
        """
        {"event_id":"9ec79c33ec9942ab8353589fcb2e04dc",
        "dsn":"http://0123456789abcdef0123456789abcdef@127.0.0.1/1",
        "sent_at":"2026-11-21T10:00:00Z"}
        """
    );

    private static readonly string ErrorEvent = OneLine(
        """
        {"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","timestamp":"2026-11-21T10:00:00Z","platform":"csharp","level":"error",
        "release":"2026.11.20-c07d3be","server_name":"x","transaction":"POST /charges",
        "user":{"id":"u-1","email":"a@example.com"},
        "tags":{"service":"payments","tenant_id":"nordwind"},
        "contexts":{"trace":{"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174"}},
        "breadcrumbs":[{"category":"http","message":"\u00e9","data":{"status":504}}],
        "exception":{"values":[{"type":"TimeoutException","value":"it broke","stacktrace":{"frames":[
        {"module":"Platform.Payments","function":"<ChargeAsync>d__12.MoveNext","lineno":41,"in_app":true}]}}]}}
        """
    );

    private static readonly string CronCheckIn = OneLine(
        """
        {"check_in_id":"83a7c03ed0a04e1b97e2e3b18d38f244","monitor_slug":"restock","status":"in_progress","duration":1.5,
        "monitor_config":{"schedule":{"type":"crontab","value":"*/5 0-6,8 1 jan mon"},
        "checkin_margin":5,"max_runtime":30,"timezone":"Europe/Berlin"}}
        """
    );

    private static readonly string IntervalCheckIn = OneLine(
        """
        {"check_in_id":"83a7c03ed0a04e1b97e2e3b18d38f245","monitor_slug":"sweep","status":"ok",
        "monitor_config":{"schedule":{"type":"interval","value":2,"unit":"hour"}}}
        """
    );

    public static readonly byte[][] Envelopes =
    [
        Utf8(
            $$"""
            {{EnvelopeHeader}}
            {"type":"event"}
            {{ErrorEvent}}
            """
        ),
        Utf8(
            """
            {"event_id":"9ec79c33ec9942ab8353589fcb2e04dd"}
            {"type":"event","length":71}
            {"logentry":{"message":"order {0} failed","formatted":"order 7 failed"}}
            {"type":"session"}
            {"sid":"x","init":true,"status":"crashed","attrs":{"release":"1"}}
            {"type":"sessions"}
            {"aggregates":[{"exited":3,"crashed":1}]}
            {"type":"client_report"}
            {"discarded_events":[{"reason":"queue_overflow","category":"error","quantity":23}]}
            {"type":"attachment","length":3}
            abc
            """
        ),
        Utf8(
            $$"""
            {}
            {"type":"check_in"}
            {{CronCheckIn}}
            {"type":"check_in"}
            {{IntervalCheckIn}}
            """
        ),
    ];

    public static readonly byte[][] Filters =
    [
        .. new[]
        {
            """tenant.id=harbor http.response.status_code>=500 name="POST /orders" duration>250ms declined "card expired" """,
            """kind=server status!=ok release="" environment!="" trace=5b8efff798038103d269b633813fc60c""",
            """level>=warning event=exception severity<error x="a \" b \\ c" """,
            "int=-3 double>1.4 duration<=1.5s nested=v bytes!=x 1e400",
            "duration>1h duration<1000000000ns service=orders",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public static readonly HistoryRecord[] Records =
    [
        Record(RecordKind.Traces, Traces.ToByteArray()),
        Record(RecordKind.Logs, Logs.ToByteArray()),
        .. Envelopes.Select(envelope => Record(RecordKind.Envelope, envelope)),
        Record(RecordKind.IssueStatus, Utf8("""{"id":"0123456789abcdef","status":"resolved"}""")),
        Record(
            RecordKind.Deploy,
            Utf8("""{"service":"orders","release":"2026.11.21-9f4a21c","environment":"production","instances":["orders-1"]}""")
        ),
        Record(RecordKind.ReleaseSeen, Utf8("""{"service":"orders","release":"2026.11.22-0000000","environment":null,"instances":[]}""")),
    ];

    private static HistoryRecord Record(RecordKind kind, byte[] body) => new(kind, DateTimeOffset.UnixEpoch.AddYears(56), body);

    private static string OneLine(string json) => json.ReplaceLineEndings("");

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
