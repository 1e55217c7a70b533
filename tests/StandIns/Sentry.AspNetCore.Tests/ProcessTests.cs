using System.Diagnostics;
using System.Runtime.CompilerServices;
using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

/// <summary>Not beside other tests: these use what a process has only one of.</summary>
[CollectionDefinition(nameof(ProcessTests), DisableParallelization = true)]
[Collection(nameof(ProcessTests))]
public sealed class ProcessTests
{
    private const string CrashVariable = "PLATFORM_TESTS_CRASH";

    [Fact]
    public async Task Process_ThreadThrows_TheEventIsSentBeforeItDies()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment[CrashVariable] = "true";
        start.Environment["SENTRY_DSN"] = receiver.Dsn;
        start.Environment["SENTRY_ENVIRONMENT"] = "from-variable";
        start.Environment["SENTRY_RELEASE"] = "2026.11.21-9f4a21c";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using var deadline = new CancellationTokenSource(EnvelopeReceiver.Deadline);

        using var process = Process.Start(start)!;
        try
        {
            await Task.WhenAll(
                process.StandardOutput.ReadToEndAsync(deadline.Token),
                process.StandardError.ReadToEndAsync(deadline.Token),
                process.WaitForExitAsync(deadline.Token));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }

        Assert.NotEqual(0, process.ExitCode);
        var evt = Assert.Single(receiver.Events);
        Assert.Equal("from-variable", evt.GetProperty("environment").GetString());
        Assert.Equal("2026.11.21-9f4a21c", evt.GetProperty("release").GetString());
        Assert.Equal("fatal", evt.GetProperty("level").GetString());
        var mechanism = evt.GetProperty("exception").GetProperty("values")[0].GetProperty("mechanism");
        Assert.Equal("AppDomain.UnhandledException", mechanism.GetProperty("type").GetString());
        Assert.False(mechanism.GetProperty("handled").GetBoolean());
    }

    [Fact]
    public async Task Task_NobodyAwaitsItsException_IsReported()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        using var hub = new Hub(new SentryOptions { Dsn = receiver.Dsn });
        var started = Stopwatch.StartNew();

        do
        {
            Abandon();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        while (receiver.Events.Count == 0 && started.Elapsed < EnvelopeReceiver.Deadline);

        var exception = receiver.Events[0].GetProperty("exception").GetProperty("values")[0];
        Assert.Equal("abandoned", exception.GetProperty("value").GetString());
        Assert.Equal("UnobservedTaskException", exception.GetProperty("mechanism").GetProperty("type").GetString());
    }

    [Fact]
    public async Task SentrySdk_InitAndClose_SendsBetweenThem()
    {
        await using var receiver = await EnvelopeReceiver.StartAsync();
        using (SentrySdk.Init(options => options.Dsn = receiver.Dsn))
        {
            SentrySdk.AddBreadcrumb("step");
            SentrySdk.SetTag("service", "worker");
            using (SentrySdk.PushScope())
            {
                SentrySdk.ConfigureScope(scope => scope.User = new SentryUser { Id = "u-17" });
            }

            var id = SentrySdk.CaptureException(new InvalidOperationException("static"), scope => scope.SetTag("once", "yes"));
            Assert.Equal(id, SentrySdk.LastEventId);
        }

        Assert.False(SentrySdk.IsEnabled);
        Assert.Equal(SentryId.Empty, SentrySdk.CaptureMessage("too late"));
        var evt = Assert.Single(receiver.Events);
        Assert.Equal("sentry.dotnet", evt.GetProperty("sdk").GetProperty("name").GetString());
        Assert.Equal("yes", evt.GetProperty("tags").GetProperty("once").GetString());
        Assert.False(evt.TryGetProperty("user", out _));
    }

    /// <summary>The process that the first test starts: this executable, before it would run tests.</summary>
    [ModuleInitializer]
    internal static void CrashWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(CrashVariable) is null)
        {
            return;
        }

        // The variable wins over an empty DSN in the code.
        SentrySdk.Init("");
        var thread = new Thread(() => throw new InvalidOperationException("nobody catches this"));
        thread.Start();
        thread.Join();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon() =>
        ((IAsyncResult)Task.Run(() => throw new InvalidOperationException("abandoned"))).AsyncWaitHandle.WaitOne();
}
