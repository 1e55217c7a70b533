using System.Text;
using System.Text.Json;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>
/// A secret in every input - body, header, query, path, card, message, exception text, baggage - is found nowhere. Each search also finds
/// a harmless value of the same run, so that a blind search fails.
/// </summary>
[Collection(EmittedRunDefinition.Name)]
public sealed class CanaryTests(PlatformFixture platform, EmittedRun run) : PlatformTest(platform)
{
    [Fact]
    public void Secrets_OfEveryInput_AreInNothingThatServicesSend()
    {
        foreach (var signal in Run.Tap.Bodies.GroupBy(body => body.Signal, body => Encoding.UTF8.GetString(body.Body)))
        {
            var text = string.Join('\n', signal);
            MustBeClean(
                signal.Key,
                text,
                control: signal.Key switch
                {
                    "metrics" => "http.server.request.duration",
                    "envelopes" => Run.FailedTraceId,
                    _ => EmittedRun.Control,
                }
            );
        }

        Assert.Equal(["envelopes", "logs", "metrics", "traces"], Run.Tap.Bodies.Select(body => body.Signal).Distinct().Order());
    }

    [Fact]
    public void Secrets_OfEveryInput_AreInNoLineOfTheConsoles()
    {
        foreach (var (service, lines) in Run.Consoles)
        {
            MustBeClean(service, string.Join('\n', lines), EmittedRun.Control);
        }

        Assert.Equal(PlatformFixture.Services.Order(), Run.Consoles.Keys.Order());
    }

    [Fact]
    public async Task Secrets_OfEveryInput_AreInNoAnswerOfTheQueryApi()
    {
        var text = new StringBuilder();
        foreach (
            var path in new[]
            {
                "/api/telemetry/resources",
                "/api/deploys",
                "/api/monitors",
                "/api/issues?limit=500",
                $"/api/search?q={EmittedRun.Control}",
            }
        )
        {
            text.AppendLine(await Platform.Telemetry.Http.GetStringAsync(path, Cancellation));
        }

        foreach (var signal in new[] { "spans", "logs" })
        {
            MustBeClean(
                signal,
                await Platform.Telemetry.Http.GetStringAsync($"/api/telemetry/{signal}?limit=10000", Cancellation),
                EmittedRun.Control
            );
        }

        foreach (var events in await IssueLinksAsync("events"))
        {
            text.AppendLine(await Platform.Telemetry.Http.GetStringAsync(events, Cancellation));
        }

        MustBeClean("the query API", text.ToString(), Run.FailedTraceId);
    }

    [Fact]
    public async Task Secrets_OfEveryInput_AreOnNoPage()
    {
        using var browser = await Platform.Telemetry.OpenBrowserAsync(Cancellation);
        var text = new StringBuilder();
        string[] pages =
        [
            "/",
            "/traces",
            $"/traces/{Run.Fulfilled.TraceId}",
            $"/traces/{Run.FailedTraceId}",
            "/logs",
            $"/logs?traceId={Run.FailedTraceId}",
            "/issues",
            "/deploys",
            "/monitors",
            $"/search?q={EmittedRun.Control}",
            .. await IssueLinksAsync("page"),
        ];
        foreach (var page in pages)
        {
            using var response = await browser.GetAsync(page, Cancellation);
            Assert.True(response.IsSuccessStatusCode, $"{page}: {(int)response.StatusCode}");
            text.AppendLine(await response.Content.ReadAsStringAsync(Cancellation));
        }

        // In a log record and in a span of the failure.
        MustBeClean("the pages", text.ToString(), "PostgresException");
        MustBeClean(
            $"the page of {Run.Fulfilled.TraceId}",
            await browser.GetStringAsync($"/traces/{Run.Fulfilled.TraceId}", Cancellation),
            EmittedRun.Control
        );
    }

    [Fact]
    public async Task Secrets_OfEveryInput_AreInNoFileOfTheRun()
    {
        await DiskSearch.FlushDatabasesAsync(Platform, Cancellation);
        var broker = Platform.WorkingDirectoryOf("rabbitmq");
        var secrets = Run.Canaries.Planted.DistinctBy(canary => canary.Value).ToDictionary(canary => canary.Value);

        var found = await DiskSearch.FindAsync(Platform.RunFolder, secrets.Keys, Cancellation);

        Assert.Empty(
            found
                .Where(hit => !(secrets[hit.Text].InMessage && hit.File.StartsWith(broker, StringComparison.Ordinal)))
                .Select(hit => $"{secrets[hit.Text].Place}: {hit.File}")
        );
        var controls = await DiskSearch.FindAsync(Platform.RunFolder, [EmittedRun.Control], Cancellation);
        Assert.Contains(controls, hit => hit.File.EndsWith(".obslog", StringComparison.Ordinal));
        Assert.Contains(controls, hit => hit.File.StartsWith(Platform.WorkingDirectoryOf("postgres"), StringComparison.Ordinal));
    }

    [Fact]
    public void Secrets_OfEveryInput_AreInNoAnswerToACaller()
    {
        Assert.All(
            Run.Answers,
            answer =>
                Assert.True(
                    !Run.Canaries.In(answer.Answer).Any(),
                    $"{answer.Input} shows {string.Join(", ", Run.Canaries.In(answer.Answer))}: {answer.Answer}"
                )
        );
        Assert.Contains(Run.Answers, answer => answer.Input == "sku" && answer.Answer.Contains("sku", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Secrets_OfAMessage_AreNotShownWithItsDeadLetter() =>
        MustBeClean("the dead letters", Run.DeadLetters, Run.PoisonMessage.ToString());

    [Fact]
    public async Task Secrets_OfEveryInput_AreNotSentToOutsideCompanies()
    {
        foreach (var company in new[] { Platform.Acquirer, Platform.Llm })
        {
            var text = string.Join('\n', await company.RequestsOfTraceAsync(Run.Fulfilled.TraceId, Cancellation));

            MustBeClean("an outside company", text, Run.Fulfilled.TraceId);
        }
    }

    private EmittedRun Run => run;

    private void MustBeClean(string where, string text, string control)
    {
        Assert.True(text.Contains(control, StringComparison.Ordinal), $"The search in {where} is blind: {control} is not there.");
        Assert.Empty(Run.Canaries.In(text).Select(place => $"{place} in {where}"));
    }

    private async Task<IReadOnlyList<string>> IssueLinksAsync(string name) =>
        [
            .. JsonSerializer
                .Deserialize<JsonElement>(await Platform.Telemetry.Http.GetStringAsync("/api/issues?limit=500", Cancellation))
                .GetProperty("issues")
                .EnumerateArray()
                .Select(issue => issue.GetProperty("links").GetProperty(name).GetString()!),
        ];
}
