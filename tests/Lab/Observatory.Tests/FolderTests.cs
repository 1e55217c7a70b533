using ArchUnitNET.Domain;
using ArchUnitNET.Fluent.Slices;
using ArchUnitNET.Loader;

namespace Platform.Observatory.Tests;

/// <summary>A folder is a feature, or something that features depend on, and can be read without its dependents.</summary>
public sealed class FolderTests
{
    private static readonly Architecture Architecture = new ArchLoader()
        .LoadAssemblies(typeof(ObservatoryApp).Assembly, typeof(FolderTests).Assembly)
        .Build();

    [Fact]
    public void Folders_OfObservatory_AreFreeOfCycles() => Assert.Empty(CyclesOf("Platform.Observatory.(*)"));

    [Fact]
    public void Folders_WithACycle_AreNamed()
    {
        var cycle = Assert.Single(CyclesOf("Cyclic.(*)"));

        Assert.Contains("Cyclic.One", cycle, StringComparison.Ordinal);
        Assert.Contains("Cyclic.Two", cycle, StringComparison.Ordinal);
    }

    private static List<string> CyclesOf(string slices) =>
        [
            .. SliceRuleDefinition
                .Slices()
                .Matching(slices)
                .Should()
                .BeFreeOfCycles()
                .Evaluate(Architecture)
                .Where(result => !result.Passed)
                .Select(result => result.Description),
        ];
}
