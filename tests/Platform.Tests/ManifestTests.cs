using System.Text.Json;
using Platform.Tests.Support;

namespace Platform.Tests;

/// <summary>What the AppHost publishes knows nothing of processes in place of containers: it is as of any Aspire application.</summary>
public sealed class ManifestTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Manifest_OfThePlatform_NamesContainersAndProjectsAndNoFolderOfThisMachine()
    {
        var file = Path.Combine(Path.GetTempPath(), $"manifest-{Guid.NewGuid():N}.json");
        try
        {
            var (exitCode, output) = await AppHostProgram.RunAsync(
                ["--operation", "publish", "--publisher", "manifest", "--output-path", file],
                Cancellation
            );
            Assert.True(exitCode == 0, output);

            var text = await File.ReadAllTextAsync(file, Cancellation);
            var resources = JsonSerializer.Deserialize<JsonElement>(text).GetProperty("resources");
            Assert.All(
                new[] { "postgres", "redis", "rabbitmq" },
                name => Assert.Equal("container.v0", resources.GetProperty(name).GetProperty("type").GetString())
            );
            Assert.All(
                new[] { "gateway", "orders", "payments", "worker", "observatory", "acquirer", "llm" },
                name => Assert.Equal("project.v0", resources.GetProperty(name).GetProperty("type").GetString())
            );
            Assert.DoesNotContain(Path.Combine(Path.GetTempPath(), "apphost-"), text, StringComparison.Ordinal);
            Assert.DoesNotContain("outside-companies", text, StringComparison.Ordinal);
            Assert.DoesNotContain("REACHES_", text, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
