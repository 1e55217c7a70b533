using System.Text.RegularExpressions;

namespace Platform.Observatory.Tests;

/// <summary>Pages load one script of their own. Whatever else looks like one came from a sender.</summary>
internal static partial class OwnScripts
{
    public const string Tag = "<script type=\"module\" src=\"/observatory.js\"></script>";

    public static void AssertNoOther(string page)
    {
        Assert.Equal(2, page.Split(Tag).Length);
        Assert.DoesNotMatch(Script(), page.Replace(Tag, "", StringComparison.Ordinal));
    }

    [GeneratedRegex("<script", RegexOptions.IgnoreCase)]
    private static partial Regex Script();
}
