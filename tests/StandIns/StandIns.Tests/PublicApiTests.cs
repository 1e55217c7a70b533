using System.Reflection;

namespace Platform.StandIns.Tests;

/// <summary>
/// What the platform uses of each package, member by member. A stand-in may hold nothing else, so that whatever compiles here compiles with the
/// real packages too.
/// </summary>
public sealed class PublicApiTests
{
    private const string Sentry = "Sentry.AspNetCore";

    public static TheoryData<string> Assemblies =>
    [
        "Aspire.Hosting", "Aspire.Hosting.PostgreSQL", "Aspire.Hosting.RabbitMQ", "Aspire.Hosting.Redis", "Aspire.Hosting.Testing",
        "Aspire.Npgsql", "Aspire.RabbitMQ.Client", "Aspire.StackExchange.Redis", "StackExchange.Redis", Sentry,
    ];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Assembly_PublicMembers_AreThoseOfItsList(string assembly)
    {
        using var stream = typeof(PublicApiTests).Assembly.GetManifestResourceStream($"{assembly}.txt");
        using var reader = new StreamReader(stream ?? throw new InvalidOperationException($"PublicApi/{assembly}.txt is missing."));
        var listed = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        var ids = DocumentationIds.Of(Assembly.Load(assembly));

        // Lines for PublicApi/<assembly>.txt: "+" is to be added, "-" to be removed.
        string[] differences = [.. ids.Except(listed).Select(id => $"+ {id}"), .. listed.Except(ids).Select(id => $"- {id}")];
        Assert.True(differences.Length == 0, string.Join('\n', differences));
        Assert.Equal(ids, listed);
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Assembly_PublicMembers_AreMembersOfTheRealPackage(string assembly)
    {
        var list = assembly == Sentry ? Path.Combine("sentry", "api.txt") : Path.Combine("aspire", "api", $"{assembly}.txt");
        var path = Ancestors().Select(folder => Path.Combine(folder, "shared", list)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"The members of the real package ({list}) are not beside the clone.");
        var real = File.ReadAllLines(path!).Select(Comparable).ToHashSet(StringComparer.Ordinal);

        string[] invented = [.. DocumentationIds.Of(Assembly.Load(assembly)).Where(id => !real.Contains(Comparable(id)))];

        Assert.True(invented.Length == 0, string.Join('\n', invented));
    }

    // Not every list says what a conversion converts to.
    private static string Comparable(string id) => id.Split('~')[0];

    private static IEnumerable<string> Ancestors()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            yield return folder.FullName;
        }
    }
}
