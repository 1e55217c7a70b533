using Platform.Observatory.Otlp;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Logs;

internal static class LogLines
{
    public static LogLine Of(StoredLog log, DateTimeOffset now)
    {
        var message = log.Parse();
        var text = ValueText.Of(message.Body);
        var name = message.EventName.Length > 0 ? message.EventName : ValueText.Find(message.Attributes, "event") ?? "";
        return new LogLine(
            LogQuery.IdOf(log),
            Format.Moment(log.Time, now),
            log.HasError ? "bad"
                : log.Severity >= StoredLog.WarningSeverity ? "warn"
                : "",
            message.SeverityText,
            ServiceName.Of(log.Origin.Service),
            text.Length > 0 ? text : name,
            text.Length > 0 ? name : "",
            log.TraceId == UInt128.Zero ? "" : Ids.Trace(log.TraceId)
        );
    }

    /// <summary>Lines of one trace in order of time, with the offset from the first and the changes of service.</summary>
    public static IReadOnlyList<LogLine> OfTrace(IReadOnlyList<StoredLog> logs, DateTimeOffset now) =>
        [
            .. logs.Index()
                .Select(item =>
                    Of(item.Item, now) with
                    {
                        Offset = "+" + Format.Duration(item.Item.Time - logs[0].Time),
                        Gap =
                            item.Index > 0 && logs[item.Index - 1].Origin.Service != item.Item.Origin.Service
                                ? $"{Format.Duration(item.Item.Time - logs[item.Index - 1].Time)} later, in {item.Item.Origin.Service}"
                                : "",
                    }
                ),
        ];
}
