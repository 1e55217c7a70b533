using System.Text.Json;

namespace Platform.Observatory.Tests;

public sealed class FuzzTests
{
    private const int Seed = 20261121;
    private const int Inputs = 20_000;

    [Fact]
    public async Task Inputs_Mutated_AreAcceptedOrRefusedAndNothingElse()
    {
        await using var process = await ObservatoryProcess.StartAsync("--Observatory:MaxEventsPerMinute=1000000");
        var directory = Directory.CreateTempSubdirectory("observatory-fuzz-");

        try
        {
            var run = new FuzzRun(FuzzTarget.Of(process.Services, directory.FullName), Seed);

            run.Run(Inputs, TestContext.Current.CancellationToken);

            Assert.True(run.Failures.Count == 0, string.Join("\n\n", run.Failures));
            Assert.All(
                run.Counts,
                counts =>
                    Assert.True(counts is { Taken: > 0, Refused: > 0 }, $"{counts.Name}: {counts.Taken} taken, {counts.Refused} refused")
            );
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        await AssertReadableAsync(process);
    }

    [Fact]
    public void Input_SameSeedAndNumber_IsTheSame()
    {
        FuzzTarget[] targets = [new("filters", FuzzSamples.Filters, _ => true)];

        Assert.Equal(new FuzzRun(targets, Seed).Input(77), new FuzzRun(targets, Seed).Input(77));
        Assert.NotEqual(new FuzzRun(targets, Seed).Input(77), new FuzzRun(targets, Seed + 1).Input(77));
    }

    [Fact]
    public void Run_TargetThatThrows_ReportsSeedNumberAndInput()
    {
        var run = new FuzzRun([new("broken", FuzzSamples.Filters, _ => throw new InvalidOperationException("broken"))], Seed);

        run.Run(1, TestContext.Current.CancellationToken);

        var failure = Assert.Single(run.Failures);
        Assert.Contains($"seed {Seed}, input 0", failure, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String(run.Input(0)), failure, StringComparison.Ordinal);
    }

    // What was accepted can be shown.
    private static async Task AssertReadableAsync(ObservatoryProcess process)
    {
        foreach (var path in (string[])["/", "/traces", "/logs", "/issues", "/deploys", "/monitors"])
        {
            using var page = await process.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal((path, 200), (path, (int)page.StatusCode));
        }

        using var spans = await process.Http.GetAsync(
            new Uri("/api/telemetry/spans?limit=10000&search=x", UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        await using var stream = await spans.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var document = await JsonDocument.ParseAsync(
            stream,
            new JsonDocumentOptions { MaxDepth = 1_000 },
            TestContext.Current.CancellationToken
        );
        Assert.True(document.RootElement.GetProperty("returnedCount").GetInt32() > 0);
    }
}
