using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Platform.ServiceDefaults;

namespace Platform.Shop.Tests;

/// <summary>Values of every type that an exporter would write, on their way out of a service: spans, log records, errors.</summary>
public sealed class RedactionTests
{
    private const string Secret = "hunter2-hunter2";

    private static readonly ActivitySource Source = new(new ActivitySourceOptions("Platform.Shop.Tests.Redaction"));

    /// <summary>By name, so that two of one type can be told apart; "kept" is what has to arrive.</summary>
    private static Dictionary<string, object?> Values =>
        new()
        {
            ["Uri"] = new Uri($"http://kept/?token={Secret}"),
            ["Builder"] = new StringBuilder($"Password={Secret};kept"),
            ["Record"] = new Login("kept", Secret),
            ["Texts"] = new[] { "kept", null, $"password: {Secret}" },
            ["Objects"] = new object?[] { 1, new Login("kept", Secret), new[] { $"token={Secret}" } },
            ["List"] = new List<string> { "kept", $"token={Secret}" },
            ["Map"] = new Dictionary<string, object?>
            {
                ["password"] = Secret,
                ["note"] = new Dictionary<string, string> { ["token"] = Secret },
            },
            ["Exception"] = new InvalidOperationException($"kept, token={Secret}", new ArgumentException($"password={Secret}")),
            ["Number"] = 4242424242424242,
            ["Throws"] = new Throwing(),
            ["ApiKey"] = new Uri($"http://{Secret}/"),
        };

    [Fact]
    public async Task Values_OfALogRecord_LeaveWithoutSecretsWhateverTheirType()
    {
        await using var receiver = await TelemetryReceiver.StartAsync();
        await using var service = receiver.Service("--OTEL_BLRP_SCHEDULE_DELAY=200");
        var logger = service.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Platform.Test");

        foreach (var (name, value) in Values)
        {
            logger.Log(LogLevel.Warning, default, new Dictionary<string, object?> { [name] = value }, null, (_, _) => "message");
        }

        await receiver.UntilTheyCameAsync(Values.Keys);
        AssertClean(receiver);
    }

    [Fact]
    public async Task Tags_OfASpan_LeaveWithoutSecretsWhateverTheirType()
    {
        await using var receiver = await TelemetryReceiver.StartAsync();
        await using var service = receiver.Service("--OTEL_BSP_SCHEDULE_DELAY=200");
        service.Services.GetRequiredService<TracerProvider>();

        foreach (var (name, value) in Values)
        {
            using var activity = Source.StartActivity("work")!;
            activity.AddTag(name, value);
            activity.AddTag(name, value);
        }

        await receiver.UntilTheyCameAsync(Values.Keys);
        AssertClean(receiver);
    }

    [Fact]
    public void Error_WithTagsExtraAndContexts_LeavesWithoutSecrets()
    {
        var report = new SentryEvent();
        report.SetTag("CardNumber", Secret);
        report.SetTag("Connection", $"kept;Password={Secret}");

        foreach (var (name, value) in Values)
        {
            report.SetExtra(name, value);
            report.Contexts[name] = value!;
        }

        report.SentryExceptions =
        [
            new Sentry.Protocol.SentryException
            {
                Value = $"token={Secret}",
                Mechanism = new Sentry.Protocol.Mechanism { Data = { ["Detail"] = new Login("kept", Secret), ["token"] = Secret } },
            },
        ];

        var clean = ErrorReporting.Complete(report, new ServiceIdentity("orders", "1", "test", "local"))!;

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            clean.WriteTo(json, null);
        }

        var text = Encoding.UTF8.GetString(buffer.ToArray());
        AssertClean(text);
        Assert.Equal("***", clean.Tags["CardNumber"]);
        Assert.Equal("orders", clean.Tags["service"]);
        using var parsed = JsonDocument.Parse(text);
        Assert.Equal("kept", parsed.RootElement.GetProperty("contexts").GetProperty("List").GetProperty("value")[0].GetString());
    }

    private static void AssertClean(TelemetryReceiver receiver) =>
        AssertClean(string.Concat(receiver.Requests.Select(request => Encoding.Latin1.GetString(request.Body))));

    private static void AssertClean(string text)
    {
        Assert.All(Values.Keys, name => Assert.Contains(name, text, StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain("4242424242424242", text, StringComparison.Ordinal);
        Assert.Contains("http://kept/?token=***", text, StringComparison.Ordinal);
        Assert.Contains("Password=***;kept", text, StringComparison.Ordinal);
    }

    private sealed record Login(string Name, string Password);

    private sealed class Throwing
    {
        public override string ToString() => throw new InvalidOperationException(Secret);
    }
}
