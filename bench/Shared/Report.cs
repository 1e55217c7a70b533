namespace Platform.Bench;

/// <summary>One table: what was measured, the figure, and beside it the goal where the design names one.</summary>
internal sealed class Report
{
    private readonly List<(string What, string Figure, string Goal)> _rows = [];

    public static string Load =>
        File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    public void Add(string what, string figure, string goal = "") => _rows.Add((what, figure, goal));

    /// <summary>A missed goal is reported and fails nothing: other work on the machine must not break a build.</summary>
    public void Add(string what, string figure, string goal, bool met) => Add(what, figure, goal + (met ? "  met" : "  MISSED"));

    public void Print()
    {
        var (first, second) = (_rows.Max(row => row.What.Length), _rows.Max(row => row.Figure.Length));

        foreach (var (what, figure, goal) in _rows)
        {
            Console.WriteLine($"{what.PadRight(first)}  {figure.PadLeft(second)}  {goal}".TrimEnd());
        }
    }
}
