using System.Runtime.InteropServices;
using Sentry.Extensibility;
using Sentry.Sending;

namespace Sentry.Reporting;

/// <summary>Filters, completes and samples an event, in the order of the real SDK.</summary>
internal sealed class EventPipeline(SentryOptions options, EnvelopeQueue queue, Func<IEnumerable<ISentryEventProcessor>> registeredProcessors)
{
    private readonly Duplicates _duplicates = new();
    private readonly Lazy<ISentryEventProcessor[]> _registered = new(() => [.. registeredProcessors()]);

    /// <summary>The event to send, or null when it is dropped.</summary>
    public SentryEvent? Process(SentryEvent evt, SentryHint hint, Scope scope)
    {
        if (evt.Exception is { } exception && (IsFiltered(exception) || !_duplicates.TryAdd(exception)))
        {
            options.Log(SentryLevel.Debug, "An exception is filtered or was captured before: {0}", null, exception.GetType());
            return null;
        }

        if (queue.Refuses(EnvelopeItem.ErrorCategory))
        {
            return null;
        }

        scope.Apply(evt);
        scope.Enrich?.Invoke(evt);
        Complete(evt);

        ISentryEventProcessor[] processors = [.. options.EventProcessors, .. _registered.Value, .. scope.Processors];
        var processed = evt;
        foreach (var processor in processors)
        {
            processed = processor.Process(processed);
            if (processed is null)
            {
                return Drop(Discard.EventProcessor);
            }
        }

        processed = BeforeSend(processed, hint);
        if (processed is null)
        {
            return Drop(Discard.BeforeSend);
        }

        return options.SampleRate is { } rate && Random.Shared.NextSingle() >= rate ? Drop(Discard.SampleRate) : processed;
    }

    private SentryEvent? Drop(string reason)
    {
        queue.Reports.Record(reason, EnvelopeItem.ErrorCategory);
        return null;
    }

    private bool IsFiltered(Exception exception) =>
        options.ExceptionFilters.Exists(filter => filter.Filter(exception))
        || exception is AggregateException { InnerExceptions.Count: > 0 } group && group.InnerExceptions.All(IsFiltered);

    private SentryEvent? BeforeSend(SentryEvent evt, SentryHint hint)
    {
        if (options.BeforeSend is not { } beforeSend)
        {
            return evt;
        }

        try
        {
            return beforeSend(evt, hint);
        }
#pragma warning disable CA1031 // an error in the user's callback must not hide the error being reported
        catch (Exception exception)
#pragma warning restore CA1031
        {
            options.Log(SentryLevel.Error, "The BeforeSend callback failed; the event is sent as it is.", exception);
            evt.AddBreadcrumb(
                "BeforeSend callback failed.",
                category: "SentryClient",
                data: new Dictionary<string, string> { ["message"] = exception.Message },
                level: BreadcrumbLevel.Error);
            return evt;
        }
    }

    private void Complete(SentryEvent evt)
    {
        evt.Level ??= SentryLevel.Error;
        evt.Release ??= options.Release;
        evt.Environment ??= options.Environment;
        evt.Distribution ??= options.Distribution;
        evt.ServerName ??= options.ServerName ?? (options.SendDefaultPii ? Environment.MachineName : null);
        evt.Sdk.Name ??= options.SdkName;
        evt.Sdk.Version ??= SdkInformation.Version;
        foreach (var (key, value) in options.DefaultTags.Where(tag => !evt.Tags.ContainsKey(tag.Key)))
        {
            evt.SetTag(key, value);
        }

        if (!evt.Contexts.ContainsKey("runtime"))
        {
            evt.Contexts["runtime"] = new Dictionary<string, string>
            {
                ["type"] = "runtime",
                ["name"] = ".NET",
                ["version"] = Environment.Version.ToString(),
                ["raw_description"] = RuntimeInformation.FrameworkDescription,
            };
        }

        if (!evt.Contexts.ContainsKey("os"))
        {
            evt.Contexts["os"] = new Dictionary<string, string> { ["type"] = "os", ["raw_description"] = RuntimeInformation.OSDescription };
        }

        if (evt.Exception is { } exception)
        {
            evt.SentryExceptions ??= ExceptionReader.Read(exception, options);
        }
        else if (options.AttachStacktrace && evt.SentryExceptions is null && evt.SentryThreads is null)
        {
            evt.SentryThreads =
            [
                new SentryThread
                {
                    Id = Environment.CurrentManagedThreadId,
                    Name = Thread.CurrentThread.Name,
                    Crashed = false,
                    Current = true,
                    Stacktrace = StackReader.ReadCurrent(options),
                },
            ];
        }
    }
}
