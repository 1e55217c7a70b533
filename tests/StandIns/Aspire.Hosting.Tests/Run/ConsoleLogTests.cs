using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Tests.Run;

public sealed class ConsoleLogTests
{
    [Fact]
    public async Task Process_BothStreams_AreReadAsNumberedStampedLines()
    {
        var builder = AppModel.Create();
        var job = builder.AddShell("job", "echo out; echo err >&2; printf last").Resource;
        await using var app = await TestApp.StartAsync(builder);
        await app.ReachAsync("job", KnownResourceStates.Finished);

        var lines = new List<LogLine>();
        await foreach (var batch in app.Logs.GetAllAsync(job))
        {
            lines.AddRange(batch);
        }

        Assert.Equal([1, 2, 3, 4], lines.Select(l => l.LineNumber));
        Assert.All(lines, l => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ", l.Content));
        Assert.Contains(lines, l => l.Content.EndsWith("Z out", StringComparison.Ordinal) && !l.IsErrorMessage);
        Assert.Contains(lines, l => l.Content.EndsWith("Z err", StringComparison.Ordinal) && l.IsErrorMessage);
        Assert.Contains(lines, l => l.Content.EndsWith("Z last", StringComparison.Ordinal));
        Assert.EndsWith("The process ended with exit code 0.", lines[^1].Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_MuchOutput_IsReadToItsEnd()
    {
        var builder = AppModel.Create();
        var job = builder.AddShell("job", "seq 1 9000").Resource;
        await using var app = await TestApp.StartAsync(builder);
        await app.ReachAsync("job", KnownResourceStates.Finished);

        Assert.Equal(Enumerable.Range(1, 9000).Select(n => n.ToString(null, null)), (await app.PrintedAsync(job)).SkipLast(1));
    }

    [Fact]
    public async Task Watch_BacklogThenFollow_LosesNothing()
    {
        using var logs = new ResourceLoggerService();
        logs.Write("api", "before", isError: false);
        var seen = new List<string>();

        await foreach (var batch in logs.WatchAsync("api").WithCancellation(Limit.Token))
        {
            seen.AddRange(batch.Select(l => l.Content.Split(' ')[1]));
            if (seen.Count == 1)
            {
                logs.Write("api", "after", isError: true);
                logs.Write("api", "end", isError: false);
                logs.Complete("api");
            }
        }

        Assert.Equal(["before", "after", "end"], seen);
    }

    [Fact]
    public async Task Backlog_MoreThanItHolds_LosesTheOldestLines()
    {
        using var logs = new ResourceLoggerService();
        for (var i = 1; i <= 10_005; i++)
        {
            logs.Write("api", "line", isError: false);
        }

        await foreach (var lines in logs.GetAllAsync("api"))
        {
            Assert.Equal((10_000, 6, 10_005), (lines.Count, lines[0].LineNumber, lines[^1].LineNumber));
        }
    }

    [Fact]
    public async Task Backlog_Cleared_StartsAgainAndCountsOn()
    {
        using var logs = new ResourceLoggerService();
        logs.Write("api", "one", isError: false);
        logs.ClearBacklog("api");
        logs.Write("api", "two", isError: false);

        await foreach (var lines in logs.GetAllAsync("api"))
        {
            Assert.Equal(2, Assert.Single(lines).LineNumber);
        }
    }

    [Fact]
    public async Task Logger_Error_IsAnErrorLine()
    {
        using var logs = new ResourceLoggerService();
        logs.GetLogger("api").LogError("broken");
        logs.GetLogger("api").LogInformation("fine");

        await foreach (var lines in logs.GetAllAsync("api"))
        {
            Assert.Equal([true, false], lines.Select(l => l.IsErrorMessage));
        }
    }
}
