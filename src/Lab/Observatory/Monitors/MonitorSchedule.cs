using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Platform.Observatory.Text;

namespace Platform.Observatory.Monitors;

/// <summary>
/// When a job is expected: <c>{"schedule":{"type":"interval","value":10,"unit":"minute"},"checkin_margin":1,"max_runtime":30}</c>.
/// </summary>
internal sealed record MonitorSchedule(string Type, string Value, string? Unit, string TimeZone, int MarginMinutes, int MaxRuntimeMinutes)
{
    private const int DefaultMarginMinutes = 1;
    private const int DefaultMaxRuntimeMinutes = 30;

    [JsonIgnore]
    public TimeSpan Margin => TimeSpan.FromMinutes(MarginMinutes);

    [JsonIgnore]
    public TimeSpan MaxRuntime => TimeSpan.FromMinutes(MaxRuntimeMinutes);

    public static MonitorSchedule? Read(JsonElement? config)
    {
        var schedule = JsonRead.Child(config, "schedule");
        return JsonRead.Text(schedule, "type") is { } type && JsonRead.Text(schedule, "value") is { } value
            ? new MonitorSchedule(
                type,
                value,
                JsonRead.Text(schedule, "unit"),
                JsonRead.Text(config, "timezone") ?? "UTC",
                JsonRead.Integer(config, "checkin_margin") ?? DefaultMarginMinutes,
                JsonRead.Integer(config, "max_runtime") ?? DefaultMaxRuntimeMinutes
            )
            : null;
    }

    /// <summary>When the run after this one is due; null when the schedule cannot be read.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset run)
    {
        if (Type == "crontab")
        {
            var zone = TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out var found) ? found : TimeZoneInfo.Utc;
            return Crontab.Next(Value, run, zone);
        }

        if (
            Type != "interval"
            || !int.TryParse(Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count is < 1 or > 10_000
        )
        {
            return null;
        }

        return Unit switch
        {
            "minute" => run.AddMinutes(count),
            "hour" => run.AddHours(count),
            "day" => run.AddDays(count),
            "week" => run.AddDays(7 * count),
            "month" => run.AddMonths(Math.Min(count, 1_200)),
            "year" => run.AddYears(Math.Min(count, 100)),
            _ => null,
        };
    }
}
