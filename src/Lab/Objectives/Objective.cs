using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Platform.Objectives;

/// <summary>A service level objective over 28 days.</summary>
/// <param name="Name">Label <c>objective</c>: lower case with dashes.</param>
/// <param name="Title">A few words.</param>
/// <param name="Says">One sentence.</param>
/// <param name="Impact">blocked, delayed or none.</param>
/// <param name="Team">Whose it is.</param>
/// <param name="Target">Percent of what must be good; above 50 and below 100, so that there is a budget.</param>
/// <param name="MinBad">Bad events (or seconds late) in the long window before anybody is told; fewer may be chance.</param>
/// <param name="View">Path in Observatory where to look.</param>
/// <param name="Total">PromQL of the rate of all events, with $window; null when Late is set.</param>
/// <param name="Bad">PromQL of the rate of bad ones; null when Late is set.</param>
/// <param name="Late">PromQL that is 1 while the objective is missed; null when Total and Bad are set.</param>
internal sealed record Objective(
    string Name,
    string Title,
    string Says,
    string Impact,
    string Team,
    double Target,
    double MinBad,
    string View,
    string? Total,
    string? Bad,
    string? Late
);

/// <summary>What to do when so much of a budget is left, or less.</summary>
/// <param name="Left">Percent, 0 to 100.</param>
/// <param name="Do">One sentence.</param>
internal sealed record PolicyLevel(double Left, string Do);

/// <summary>All that the file says; the levels from most left to least.</summary>
internal sealed record ObjectiveSet(IReadOnlyList<Objective> Objectives, IReadOnlyList<PolicyLevel> Policy)
{
    /// <summary>What to do when so much is left: the lowest level that holds.</summary>
    public PolicyLevel LevelOf(double leftRatio) => Policy.LastOrDefault(level => leftRatio * 100 <= level.Left) ?? Policy[0];
}

/// <summary>The file of objectives; an error names the file and the line.</summary>
internal static partial class ObjectiveFile
{
    private const string Window = "$window";

    // At night one of one that fails is 100 %.
    private const double MinBad = 5;

    private static readonly string[] LevelFields = ["left", "do"];
    private static readonly string[] ObjectiveFields =
    [
        "name",
        "title",
        "says",
        "impact",
        "team",
        "target",
        "min_bad",
        "view",
        "total",
        "bad",
        "late",
    ];
    private static readonly string[] Rates = ["total", "bad"];
    private static readonly string[] Impacts = ["blocked", "delayed", "none"];

    /// <exception cref="FormatException">With file and line.</exception>
    public static ObjectiveSet Read(string path, string text)
    {
        var (stream, parser) = (new YamlStream(), new Parser(new StringReader(text)));
        try
        {
            stream.Load(parser);
        }
        catch (Exception exception) when (exception is YamlException or InvalidOperationException)
        {
            // The second is how the parser gives up on a list that is not closed; it is where it has come to.
            var line = (exception as YamlException)?.Start.Line ?? parser.Current?.Start.Line ?? 1;
            throw new FormatException($"{path}:{line}: This is no YAML: {exception.Message}", exception);
        }

        var root = stream.Documents is [{ RootNode: YamlMappingNode mapping }]
            ? mapping
            : throw new FormatException($"{path}:1: The file must have a list of objectives.");
        var objectives = Items(path, root, "objectives", ObjectiveFields)
            .Select(item => (item.At, Objective: ReadObjective(item)))
            .ToList();
        foreach (var twice in objectives.GroupBy(item => item.Objective.Name).Where(group => group.Count() > 1))
        {
            throw new FormatException($"{path}:{twice.Last().At}: There are two objectives {twice.Key}.");
        }

        var policy = Items(path, root, "policy", LevelFields).Select(ReadLevel).OrderByDescending(level => level.Left).ToList();
        return new ObjectiveSet([.. objectives.Select(item => item.Objective)], policy);
    }

    private static IEnumerable<Fields> Items(string path, YamlMappingNode root, string list, string[] fields)
    {
        var items = root.Children.TryGetValue(new YamlScalarNode(list), out var node) ? node as YamlSequenceNode : null;
        if (items is not { Children.Count: > 0 })
        {
            throw new FormatException($"{path}:{(node ?? root).Start.Line}: The file must have a list of {list}.");
        }

        return items.Select(item =>
            item is YamlMappingNode mapping
                ? new Fields(path, mapping, fields)
                : throw new FormatException($"{path}:{item.Start.Line}: One of {list} must have {string.Join(", ", fields)}.")
        );
    }

    private static PolicyLevel ReadLevel(Fields item) => new(item.Number("left", 0, 100, "from 0 to 100"), item.Text("do"));

    private static Objective ReadObjective(Fields item)
    {
        var name = item.Text("name");
        if (!Name().IsMatch(name))
        {
            throw item.Wrong("name", "must be lower case letters and dashes.");
        }

        var impact = item.Text("impact");
        if (!Impacts.Contains(impact))
        {
            throw item.Wrong("impact", $"must be one of {string.Join(", ", Impacts)}.");
        }

        var target = item.Number("target", Math.BitIncrement(50), Math.BitDecrement(100), "above 50 and below 100");
        var view = item.Text("view");
        if (!view.StartsWith('/'))
        {
            throw item.Wrong("view", "must be a path that begins with /.");
        }

        var (total, bad, late) = (item.Optional("total"), item.Optional("bad"), item.Optional("late"));
        if (late is null == (total is null) || total is null != (bad is null))
        {
            throw item.Wrong("name", $"is {name}, which must have total and bad, or late.");
        }

        foreach (var field in Rates.Where(field => item.Optional(field)?.Contains(Window, StringComparison.Ordinal) == false))
        {
            throw item.Wrong(field, $"must have {Window} for its range.");
        }

        var minBad = item.Optional("min_bad") is null ? MinBad : item.Number("min_bad", 0, 1_000, "from 0 to 1000", "a number");
        return new Objective(
            name,
            item.Text("title"),
            item.Text("says"),
            impact,
            item.Text("team"),
            target,
            minBad,
            view,
            total,
            bad,
            late
        );
    }

    /// <summary>A mapping of scalars, in which each field is known.</summary>
    private sealed class Fields
    {
        private readonly string _path;
        private readonly YamlMappingNode _node;

        public Fields(string path, YamlMappingNode node, string[] known)
        {
            (_path, _node) = (path, node);
            foreach (var key in node.Children.Keys.OfType<YamlScalarNode>().Where(key => !known.Contains(key.Value)))
            {
                throw new FormatException($"{path}:{key.Start.Line}: {key.Value} is not known; there are {string.Join(", ", known)}.");
            }
        }

        public long At => _node.Start.Line;

        public string Text(string field) => Optional(field) ?? throw new FormatException($"{_path}:{At}: {field} is missing.");

        public string? Optional(string field) =>
            Child(field) switch
            {
                null => null,
                YamlScalarNode { Value.Length: > 0 } scalar => scalar.Value.Trim(),
                _ => throw Wrong(field, "must be a text."),
            };

        public double Number(string field, double least, double most, string range, string what = "a percentage") =>
            double.TryParse(Text(field), CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw Wrong(field, $"must be {what} {range}.");

        public FormatException Wrong(string field, string what) => new($"{_path}:{(Child(field) ?? _node).Start.Line}: {field} {what}");

        private YamlNode? Child(string field) => _node.Children.TryGetValue(new YamlScalarNode(field), out var child) ? child : null;
    }

    [GeneratedRegex("^[a-z][a-z-]*$")]
    private static partial Regex Name();
}
