using System.Globalization;

namespace Platform.Observatory.Monitors;

/// <summary>
/// Five fields, minute hour day month weekday: <c>*/5 8-18 * * mon-fri</c>. Day and weekday are joined by "or" when both are given.
/// </summary>
internal sealed class Crontab
{
    // Days ahead that are searched; the 29th of February comes back after eight years at most.
    private const int MaxDays = 9 * 366;

    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private readonly bool[] _minutes;
    private readonly bool[] _hours;
    private readonly bool[] _days;
    private readonly bool[] _months;
    private readonly bool[] _weekdays;
    private readonly bool _anyDay;
    private readonly bool _anyWeekday;

    private Crontab(string[] fields)
    {
        _minutes = Field(fields[0], 0, 59, []);
        _hours = Field(fields[1], 0, 23, []);
        _days = Field(fields[2], 1, 31, []);
        _months = Field(fields[3], 1, 12, Months);
        _weekdays = Field(fields[4], 0, 7, Weekdays);
        _weekdays[0] |= _weekdays[7];
        _anyDay = fields[2].StartsWith('*');
        _anyWeekday = fields[4].StartsWith('*');
    }

    /// <summary>Null when it cannot be read.</summary>
    public static Crontab? Parse(string text)
    {
        var fields = text.Trim().ToLowerInvariant() switch
        {
            "@hourly" => "0 * * * *",
            "@daily" or "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" or "@annually" => "0 0 1 1 *",
            var given => given,
        };
        var parts = fields.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

        try
        {
            return parts.Length == 5 ? new Crontab(parts) : null;
        }
        catch (FormatException)
        {
            // The monitor then says that its schedule cannot be read.
            return null;
        }
    }

    /// <summary>The first time after a moment, by the clock on the wall of a time zone; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(after, zone).DateTime;
        var first = new DateTime(local.Year, local.Month, local.Day, local.Hour, local.Minute, 0, DateTimeKind.Unspecified).AddMinutes(1);

        for (var day = first.Date; day < first.Date.AddDays(MaxDays); day = day.AddDays(1))
        {
            if (!MatchesDay(day))
            {
                continue;
            }

            for (var minute = day == first.Date ? (int)first.TimeOfDay.TotalMinutes : 0; minute < 24 * 60; minute++)
            {
                var time = day.AddMinutes(minute);

                // A time that the clock skips in spring does not come.
                if (_hours[minute / 60] && _minutes[minute % 60] && !zone.IsInvalidTime(time))
                {
                    return new DateTimeOffset(time, zone.GetUtcOffset(time)).ToUniversalTime();
                }
            }
        }

        return null;
    }

    private bool MatchesDay(DateTime day)
    {
        var (inMonth, inWeek) = (_days[day.Day], _weekdays[(int)day.DayOfWeek]);
        return _months[day.Month] && (_anyDay || _anyWeekday ? inMonth && inWeek : inMonth || inWeek);
    }

    private static bool[] Field(string text, int min, int max, string[] names)
    {
        var allowed = new bool[max + 1];

        foreach (var part in text.Split(','))
        {
            var (range, step) = part.Split('/') switch
            {
                [var whole] => (whole, 1),
                [var whole, var every] => (whole, int.Parse(every, NumberStyles.None, CultureInfo.InvariantCulture)),
                _ => throw new FormatException("A field has more than one step."),
            };
            var (from, to) = range.Split('-') switch
            {
                ["*"] => (min, max),
                [var one] when part.Contains('/', StringComparison.Ordinal) => (Number(one, min, names), max),
                [var one] => (Number(one, min, names), Number(one, min, names)),
                [var low, var high] => (Number(low, min, names), Number(high, min, names)),
                _ => throw new FormatException("A field has more than one range."),
            };

            if (from < min || to > max || from > to || step < 1)
            {
                throw new FormatException("A field is out of range.");
            }

            for (var value = from; value <= to; value += Math.Min(step, max + 1))
            {
                allowed[value] = true;
            }
        }

        return allowed;
    }

    private static int Number(string text, int min, string[] names)
    {
        var index = Array.IndexOf(names, text);
        return index >= 0 ? index + min
            : text.Length <= 2 ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
            : throw new FormatException("A number was expected.");
    }
}
