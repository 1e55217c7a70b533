using System.Runtime.CompilerServices;
using System.Text.Json;
using Platform.Sentry.AspNetCore.Tests.Support;
using Sentry;
using Xunit;

namespace Platform.Sentry.AspNetCore.Tests;

public sealed class StackTests
{
    [Fact]
    public async Task Frames_AsyncLambdaAndLocalFunction_HaveTheNamesThatWereWritten()
    {
        await using var test = await HubTest.StartAsync();

        var exception = await Record.ExceptionAsync(ChargeAsync);
        test.Hub.CaptureException(exception!);

        var frames = await FramesAsync(test);
        var own = frames.Where(frame => frame.GetProperty("module").GetString() == typeof(StackTests).FullName).ToList();
        Assert.Equal(
            ["ChargeAsync", "ChargeAsync.<lambda>", "ChargeAsync.OpenCardAsync", "Fail"],
            own.Select(frame => frame.GetProperty("function").GetString()));
        Assert.All(own, frame =>
        {
            Assert.True(frame.GetProperty("in_app").GetBoolean());
            Assert.Equal("StackTests.cs", frame.GetProperty("filename").GetString());
            Assert.True(frame.GetProperty("lineno").GetInt32() > 0);
        });
        Assert.DoesNotContain(frames, frame => frame.GetProperty("function").GetString() is "MoveNext" or "Throw" or "HandleNonSuccessAndDebuggerNotification");
        Assert.Equal("Fail", frames[^1].GetProperty("function").GetString());
    }

    [Fact]
    public async Task Frames_FrameworkThrows_IsNotInApp()
    {
        await using var test = await HubTest.StartAsync(options =>
        {
            options.AddInAppExclude("Platform.Sentry.AspNetCore.Tests");
            options.AddInAppExclude("Xunit");
        });

        test.Hub.CaptureException(Record.Exception(() => int.Parse("x", System.Globalization.CultureInfo.InvariantCulture))!);

        Assert.All(await FramesAsync(test), frame => Assert.False(frame.GetProperty("in_app").GetBoolean()));
    }

    [Fact]
    public async Task Frames_IncludeAndExclude_TheIncludeWins()
    {
        await using var test = await HubTest.StartAsync(options =>
        {
            options.AddInAppExclude("Platform");
            options.AddInAppInclude("Platform.Sentry.AspNetCore.Tests.StackTests");
        });

        test.Hub.CaptureException(Record.Exception(Fail)!);

        Assert.True((await FramesAsync(test))[^1].GetProperty("in_app").GetBoolean());
    }

    [Fact]
    public async Task Frames_DeepRecursion_AreBounded()
    {
        await using var test = await HubTest.StartAsync();

        test.Hub.CaptureException(Record.Exception(() => Recurse(2000))!);

        Assert.Equal(250, (await FramesAsync(test)).Count);
    }

    private static async Task ChargeAsync()
    {
        await Task.Yield();
        var charge = async () =>
        {
            await Task.Yield();
            await OpenCardAsync();
        };
        await charge();

        static async Task OpenCardAsync()
        {
            await Task.Yield();
            Fail();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fail() => throw new InvalidOperationException("declined");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Recurse(int depth)
    {
        if (depth == 0)
        {
            Fail();
        }

        return Recurse(depth - 1) + 1;
    }

    private static async Task<List<JsonElement>> FramesAsync(HubTest test) =>
        [.. (await test.EventAsync()).GetProperty("exception").GetProperty("values")[0].GetProperty("stacktrace").GetProperty("frames").EnumerateArray()];
}
