using System.Diagnostics;
using Npgsql;

namespace Platform.Tests.Support;

/// <summary>Looks for texts in the files of the run: databases, broker, ledger, Observatory's history.</summary>
public static class DiskSearch
{
    /// <summary>What Postgres still has in memory goes to its files.</summary>
    public static async Task FlushDatabasesAsync(PlatformFixture platform, CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(await platform.DatabaseAsync("ordersdb", cancellationToken));
        await using var checkpoint = database.CreateCommand("CHECKPOINT");
        await checkpoint.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>By grep: it reads files that a server has locked, and passes over those that are removed meanwhile.</summary>
    public static async Task<IReadOnlyList<(string File, string Text)>> FindAsync(
        string folder,
        IEnumerable<string> texts,
        CancellationToken cancellationToken
    )
    {
        // --null: "file\0text\n"
        using var grep = Process.Start(
            new ProcessStartInfo("grep", ["-roasF", "--null", .. texts.SelectMany(text => new[] { "-e", text }), folder])
            {
                RedirectStandardOutput = true,
            }
        )!;
        var found = await grep.StandardOutput.ReadToEndAsync(cancellationToken);
        await grep.WaitForExitAsync(cancellationToken);
        return
        [
            .. found
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('\0'))
                .Where(parts => parts.Length == 2)
                .Select(parts => (parts[0], parts[1]))
                .Distinct(),
        ];
    }
}
