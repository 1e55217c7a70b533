using Cronos;

namespace Platform.Observatory.Monitors;

/// <summary>
/// Five fields, minute hour day month weekday: <c>*/5 8-18 * * mon-fri</c>. As in crontab(5), when both day and weekday are given either
/// one matches; Cronos requires both, so such a line is evaluated as two.
/// </summary>
internal static class Crontab
{
    private const int Day = 2;
    private const int Weekday = 4;

    /// <summary>The next occurrence in a time zone; null when the line is invalid or never occurs.</summary>
    public static DateTimeOffset? Next(string line, DateTimeOffset after, TimeZoneInfo zone)
    {
        if (!CronExpression.TryParse(line, out var cron))
        {
            return null;
        }

        var fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var hasBoth = fields.Length == 5 && !IsAny(fields[Day]) && !IsAny(fields[Weekday]);
        CronExpression[] either = hasBoth ? [Without(fields, Day), Without(fields, Weekday)] : [cron];
        return either.Min(one => one.GetNextOccurrence(after, zone))?.ToUniversalTime();
    }

    // Cronos reads ? as * does.
    private static bool IsAny(string field) => field[0] is '*' or '?';

    private static CronExpression Without(string[] fields, int any) =>
        CronExpression.Parse(string.Join(' ', fields.Select((field, index) => index == any ? "*" : field)));
}
