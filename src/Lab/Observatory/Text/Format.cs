using System.Globalization;

namespace Platform.Observatory.Text;

/// <summary>How numbers are written for people: three significant figures and a unit, never a bare number.</summary>
internal static class Format
{
    private const double Microsecond = 1e3;
    private const double Millisecond = 1e6;
    private const double Second = 1e9;
    private const double OneMinute = 60e9;
    private const double Hour = 3600e9;
    private const string Space = " ";

    public static string Duration(double nanos) =>
        nanos switch
        {
            0 => $"0{Space}ms",
            < Microsecond => Text($"{nanos:0}{Space}ns"),
            < Millisecond => Text($"{nanos / Microsecond:0}{Space}µs"),
            < 999.5 * Millisecond => Figures(nanos / Millisecond) + Space + "ms",
            < 59.95 * Second => Figures(nanos / Second) + Space + "s",
            < Hour - (Second / 2) => MinutesAndSeconds(Math.Round(nanos / Second)),
            _ => HoursAndMinutes(Math.Round(nanos / OneMinute)),
        };

    /// <summary>A time span in whole units.</summary>
    public static string Length(TimeSpan length) =>
        length.TotalMinutes >= 119.5 ? Count((long)Math.Round(length.TotalHours)) + Space + "h"
        : length.TotalSeconds >= 119.5 ? Count((long)Math.Round(length.TotalMinutes)) + Space + "min"
        : Count((long)Math.Max(0, Math.Round(length.TotalSeconds))) + Space + "s";

    /// <summary>A round duration, for an axis: 3 s, 10 min.</summary>
    public static string Unit(double nanos) =>
        nanos switch
        {
            < Millisecond => Text($"{nanos / Microsecond:0.#}{Space}µs"),
            < Second => Text($"{nanos / Millisecond:0.#}{Space}ms"),
            < OneMinute => Text($"{nanos / Second:0.#}{Space}s"),
            < Hour => Text($"{nanos / OneMinute:0.#}{Space}min"),
            _ => Text($"{nanos / Hour:0.#}{Space}h"),
        };

    /// <summary>Clock time in UTC; with the date when it is not today's.</summary>
    public static string Time(ulong unixNanos, DateTimeOffset now)
    {
        var time = At(unixNanos);
        return time.UtcDateTime.Date == now.UtcDateTime.Date
            ? time.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)
            : time.ToString("d MMM yyyy, HH:mm:ss.fff", CultureInfo.InvariantCulture);
    }

    public static Moment Moment(ulong unixNanos, DateTimeOffset now) => new(Iso(unixNanos), Time(unixNanos, now));

    public static Moment Moment(DateTimeOffset time, DateTimeOffset now) => Moment(UnixTime.NanosOf(time), now);

    /// <summary>Hours and minutes, for an axis.</summary>
    public static Moment Minute(ulong unixNanos) => new(Iso(unixNanos), At(unixNanos).ToString("HH:mm", CultureInfo.InvariantCulture));

    public static string Iso(ulong unixNanos) => At(unixNanos).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Count(long count, string one, string many) => Count(count) + Space + (count == 1 ? one : many);

    /// <summary>In full to 999,999.</summary>
    public static string Short(double count) =>
        count switch
        {
            < 1e6 => count.ToString("#,0", CultureInfo.InvariantCulture),
            < 1e9 => Text($"{count / 1e6:0.0}{Space}M"),
            _ => Text($"{count / 1e9:0.0}{Space}G"),
        };

    public static string Rate(double perSecond) =>
        perSecond switch
        {
            0 => $"0{Space}/s",
            < 0.01 => Text($"{perSecond * 3600:0.#}{Space}/h"),
            < 1 => Text($"{perSecond * 60:0.#}{Space}/min"),
            < 10 => Text($"{perSecond:0.0}{Space}/s"),
            _ => Text($"{perSecond:#,0}{Space}/s"),
        };

    public static string Bytes(long bytes) =>
        bytes switch
        {
            < 1 << 10 => Text($"{bytes}{Space}B"),
            < 1 << 20 => Figures(bytes / (double)(1 << 10)) + Space + "KiB",
            < 1 << 30 => Figures(bytes / (double)(1 << 20)) + Space + "MiB",
            _ => Figures(bytes / (double)(1 << 30)) + Space + "GiB",
        };

    public static string Percent(double share) => Text($"{share * 100:0.#}{Space}%");

    /// <summary>A number for a custom property in a style attribute.</summary>
    public static string Number(double value) => double.IsFinite(value) ? value.ToString("0.###", CultureInfo.InvariantCulture) : "0";

    // A tick is 100 ns; the largest 64-bit count of nanoseconds is the year 2554, inside DateTime's range.
    private static DateTimeOffset At(ulong unixNanos) => DateTimeOffset.UnixEpoch.AddTicks((long)(unixNanos / 100));

    private static string MinutesAndSeconds(double seconds) =>
        Text($"{Math.Floor(seconds / 60):0}{Space}min{Space}{seconds % 60:00}{Space}s");

    private static string HoursAndMinutes(double minutes) =>
        Text($"{Math.Floor(minutes / 60):0}{Space}h{Space}{minutes % 60:00}{Space}min");

    private static string Figures(double value) =>
        value switch
        {
            < 9.995 => Text($"{value:0.00}"),
            < 99.95 => Text($"{value:0.0}"),
            _ => Text($"{value:0}"),
        };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
