using System.Diagnostics;
using System.Reflection;
using System.Runtime.ExceptionServices;

namespace Sentry.Reporting;

internal static class StackReader
{
    // A deep recursion has tens of thousands of frames; the newest say where it failed.
    private const int MaxFrames = 250;

    public static SentryStackTrace? Read(Exception exception, SentryOptions options) =>
        exception.StackTrace is null ? null : Read(new StackTrace(exception, fNeedFileInfo: true).GetFrames(), options);

    /// <summary>The caller's stack, without the SDK and the logging that led here.</summary>
    public static SentryStackTrace? ReadCurrent(SentryOptions options) =>
        Read(new StackTrace(fNeedFileInfo: true).GetFrames().SkipWhile(IsReporting), options);

    private static SentryStackTrace? Read(IEnumerable<StackFrame> newestFirst, SentryOptions options)
    {
        var frames = newestFirst
            .Where(frame => frame.GetMethod() is { } method && !IsNoise(method))
            .Take(MaxFrames)
            .Select(frame => ToSentry(frame, frame.GetMethod()!, options))
            .Reverse()
            .ToList();
        return frames.Count == 0 ? null : new SentryStackTrace { Frames = frames };
    }

    private static SentryStackFrame ToSentry(StackFrame frame, MethodBase method, SentryOptions options)
    {
        var (module, function) = FrameName.Of(method);
        var path = frame.GetFileName();
        return new SentryStackFrame
        {
            Module = module,
            Function = function,
            FileName = path is null ? null : Path.GetFileName(path),
            AbsolutePath = path,
            LineNumber = frame.GetFileLineNumber() is > 0 and var line ? line : null,
            ColumnNumber = frame.GetFileColumnNumber() is > 0 and var column ? column : null,
            Package = method.Module.Assembly.GetName().Name,
            InApp = options.InApp.Contains(module),
        };
    }

    // What async and await add between two methods that a person wrote.
    private static bool IsNoise(MethodBase method) =>
        method.IsDefined(typeof(StackTraceHiddenAttribute), inherit: false)
        || method.DeclaringType is { } type
            && (type.IsDefined(typeof(StackTraceHiddenAttribute), inherit: false)
                || type.Namespace == "System.Runtime.CompilerServices"
                || type == typeof(ExceptionDispatchInfo)
                || type == typeof(ExecutionContext));

    private static bool IsReporting(StackFrame frame)
    {
        var method = frame.GetMethod();
        return method is null
            || method.Module.Assembly == typeof(StackReader).Assembly
            || method.DeclaringType?.Namespace?.StartsWith("Microsoft.Extensions.Logging", StringComparison.Ordinal) == true
            || IsNoise(method);
    }
}
