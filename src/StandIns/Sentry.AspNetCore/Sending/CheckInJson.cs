namespace Sentry.Sending;

/// <summary>The payload of a check-in item.</summary>
internal static class CheckInJson
{
    public static byte[] Write(
        SentryId id,
        string monitorSlug,
        CheckInStatus status,
        TimeSpan? duration,
        SentryId traceId,
        SentryMonitorOptions? monitor,
        SentryOptions options) => EventJson.Write(writer =>
        {
            writer.WriteString("check_in_id", id.ToString());
            writer.WriteString("monitor_slug", monitorSlug);
            writer.WriteString("status", status == CheckInStatus.InProgress ? "in_progress" : EventJson.Lower<CheckInStatus>(status));
            if (duration is { } time)
            {
                writer.WriteNumber("duration", time.TotalSeconds);
            }

            writer.WriteString("release", options.Release);
            writer.WriteString("environment", options.Environment);
            writer.WriteStartObject("contexts");
            writer.WriteStartObject("trace");
            writer.WriteString("trace_id", traceId.ToString());
            writer.WriteEndObject();
            writer.WriteEndObject();
            if (monitor is not null)
            {
                WriteMonitor(writer, monitor);
            }
        });

    private static void WriteMonitor(System.Text.Json.Utf8JsonWriter writer, SentryMonitorOptions monitor)
    {
        writer.WriteStartObject("monitor_config");
        writer.WriteStartObject("schedule");
        if (monitor.Schedule is { } schedule)
        {
            writer.WriteString("type", "interval");
            writer.WriteNumber("value", schedule.Every);
            writer.WriteString("unit", EventJson.Lower<SentryMonitorInterval>(schedule.Unit));
        }
        else
        {
            writer.WriteString("type", "crontab");
            writer.WriteString("value", monitor.Crontab);
        }

        writer.WriteEndObject();
        WriteNumber("checkin_margin", monitor.CheckInMargin?.TotalMinutes);
        WriteNumber("max_runtime", monitor.MaxRuntime?.TotalMinutes);
        WriteNumber("failure_issue_threshold", monitor.FailureIssueThreshold);
        WriteNumber("recovery_threshold", monitor.RecoveryThreshold);
        WriteText("timezone", monitor.TimeZone);
        WriteText("owner", monitor.Owner);
        writer.WriteEndObject();

        // Whole numbers on the wire: a margin of 90 s is 2 minutes.
        void WriteNumber(string name, double? value)
        {
            if (value is { } number)
            {
                writer.WriteNumber(name, (long)Math.Ceiling(number));
            }
        }

        void WriteText(string name, string? value)
        {
            if (value is not null)
            {
                writer.WriteString(name, value);
            }
        }
    }
}
