using Platform.Objectives;

namespace Platform.Observability.Tests;

/// <summary>The file of objectives, and the rules that come from it.</summary>
public sealed class ObjectiveTests
{
    private const string Valid = """
        objectives:
          - name: answered
            title: Answered
            says: Nobody gets an error.
            impact: blocked
            team: shop
            target: 99.9
            view: /traces
            total: rate(all[$window])
            bad: rate(bad[$window])
        policy:
          - { left: 100, do: 'Go on.' }
          - { left: 0, do: 'Stop.' }
        """;

    private static readonly string Folder = Path.Combine(Repository.Root, "observability");

    [Fact]
    public async Task Rules_ThatAreCommitted_AreThoseOfTheFile()
    {
        var file = await File.ReadAllTextAsync(Path.Combine(Folder, "objectives", "objectives.yml"), TestContext.Current.CancellationToken);
        var rules = Path.Combine(AlertRules.Folder, "rules", "objectives.yml");

        Assert.Equal(
            ObjectiveRules.Write(ObjectiveFile.Read("objectives.yml", file).Objectives),
            await File.ReadAllTextAsync(rules, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public void File_ThatIsValid_IsRead()
    {
        var set = ObjectiveFile.Read("some.yml", Valid);

        Assert.Equal(("answered", 99.9), (set.Objectives.Single().Name, set.Objectives.Single().Target));
        Assert.Equal(["Go on.", "Go on.", "Stop.", "Stop."], new[] { 1, 0.01, 0, -3 }.Select(left => set.LevelOf(left).Do));
    }

    [Theory]
    [InlineData("objectives:", "objektives:", "some.yml:1: The file must have a list of objectives.")]
    [InlineData("title: Answered", "titel: Answered", "some.yml:3: titel is not known")]
    [InlineData("    title: Answered", "    # none", "some.yml:2: title is missing.")]
    [InlineData("name: answered", "name: Answered!", "some.yml:2: name must be lower case letters and dashes.")]
    [InlineData("impact: blocked", "impact: terrible", "some.yml:5: impact must be one of blocked, delayed, none.")]
    [InlineData("target: 99.9", "target: 100", "some.yml:7: target must be a percentage above 50 and below 100.")]
    [InlineData("target: 99.9", "target: most", "some.yml:7: target must be a percentage above 50 and below 100.")]
    [InlineData("view: /traces", "view: https://example.com", "some.yml:8: view must be a path that begins with /.")]
    [InlineData("total: rate(all[$window])", "total: rate(all[5m])", "some.yml:9: total must have $window for its range.")]
    [InlineData("    bad: rate(bad[$window])", "    late: x", "some.yml:2: name is answered, which must have total and bad, or late.")]
    [InlineData("left: 100", "left: all", "some.yml:12: left must be a percentage from 0 to 100.")]
    [InlineData("policy:", "policies:", "some.yml:1: The file must have a list of policy.")]
    [InlineData("title: Answered", "title: [Answered", "some.yml:3: This is no YAML")]
    public void File_WithAMistake_IsRefusedWithFileAndLine(string right, string wrong, string expected)
    {
        var exception = Assert.Throws<FormatException>(() =>
            ObjectiveFile.Read("some.yml", Valid.Replace(right, wrong, StringComparison.Ordinal))
        );

        Assert.StartsWith(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_WithAnObjectiveTwice_IsRefused()
    {
        var item = Valid[Valid.IndexOf("  - name", StringComparison.Ordinal)..Valid.IndexOf("policy:", StringComparison.Ordinal)];

        var exception = Assert.Throws<FormatException>(() =>
            ObjectiveFile.Read("some.yml", Valid.Replace("policy:", $"{item}policy:", StringComparison.Ordinal))
        );

        Assert.Equal("some.yml:11: There are two objectives answered.", exception.Message);
    }
}
