namespace Platform.Observability.Tests;

/// <summary>What docs/rule-mistakes.md says of each: its test passes with the right rules and fails with the wrong ones.</summary>
public sealed class RuleMistakeTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "docs", "rule-mistakes");

    public static TheoryData<string> Mistakes =>
        [.. Directory.EnumerateFiles(Folder, "*.test.yml").Select(file => Path.GetFileName(file)[..^".test.yml".Length])];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Mistake_WithItsTest_FailsIt_AndWhatIsRightPasses(string name)
    {
        var test = await File.ReadAllTextAsync(Path.Combine(Folder, $"{name}.test.yml"), TestContext.Current.CancellationToken);
        var page = await File.ReadAllTextAsync($"{Folder}.md", TestContext.Current.CancellationToken);
        var wrong = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.yml");
        await File.WriteAllTextAsync(
            wrong,
            test.Replace($"{name}.right.yml", Path.Combine(Folder, $"{name}.wrong.yml"), StringComparison.Ordinal),
            TestContext.Current.CancellationToken
        );
        try
        {
            var (right, rightOutput) = await Tool.RunAsync(Folder, "promtool", "test", "rules", $"{name}.test.yml");
            var (failed, failedOutput) = await Tool.RunAsync(Folder, "promtool", "test", "rules", wrong);

            Assert.True(right == 0, rightOutput);
            Assert.NotEqual(0, failed);
            Assert.Contains("exp:", failedOutput, StringComparison.Ordinal);
            Assert.Contains($"({Path.GetFileName(Folder)}/{name}.wrong.yml)", page, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(wrong);
        }
    }

    [Fact]
    public async Task RulesBelowAlerting_AreRefused_AndRuleFilesAreNot()
    {
        var (wrong, output) = await Tool.RunAsync(Folder, "promtool", "check", "config", "rules-in-alerting.wrong.yml");
        var (right, rightOutput) = await Tool.RunAsync(Folder, "promtool", "check", "config", "rules-in-alerting.right.yml");

        Assert.NotEqual(0, wrong);
        Assert.Contains("field rules not found", output, StringComparison.Ordinal);
        Assert.True(right == 0, rightOutput);
    }
}
