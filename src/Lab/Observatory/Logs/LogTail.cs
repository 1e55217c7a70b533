using System.Text.Json;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Platform.Observatory.Query;
using Platform.Observatory.Store;

namespace Platform.Observatory.Logs;

/// <summary>
/// New lines of a view as server-sent events, each with their count and the newest of them as HTML. A client that falls behind is
/// disconnected and reconnects by itself.
/// </summary>
internal sealed class LogTail(TelemetryStore store, ILoggerFactory loggers, TimeProvider time, IHostApplicationLifetime lifetime)
{
    // Nobody can read more in one step; the rest are only counted.
    private const int MaxLines = 100;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    public async Task<IResult> FollowAsync(HttpContext context, TelemetryQuery query)
    {
        if (store.Logs.Follow() is not { } live)
        {
            context.Response.Headers.RetryAfter = "10";
            return TypedResults.Problem("Too many live streams are open.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);

        try
        {
            context.Response.ContentType = "text/event-stream";

            // A first comment sends the headers, so that the client knows that it is connected.
            await context.Response.WriteAsync(": open\n\n", ended.Token);
            await context.Response.Body.FlushAsync(ended.Token);

            while (await live.Follower.Reader.WaitToReadAsync(ended.Token))
            {
                await WriteAsync(context, live.Follower, query, ended.Token);
                await Task.Delay(Step, time, ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client disconnected, or the process is stopping.
        }
        catch (FollowerLaggedException)
        {
            // The client sees a broken response and knows that it missed lines.
            context.Abort();
        }
        finally
        {
            store.Logs.Unfollow(live.Follower);
        }

        return TypedResults.Empty;
    }

    private async Task WriteAsync(
        HttpContext context,
        Follower<StoredLog> follower,
        TelemetryQuery query,
        CancellationToken cancellationToken
    )
    {
        var fresh = new List<StoredLog>();

        // Bounded by the follower's queue.
        while (follower.Reader.TryRead(out var log))
        {
            if (query.Matches(log))
            {
                fresh.Add(log);
            }
        }

        if (fresh.Count == 0)
        {
            return;
        }

        var now = time.GetUtcNow();
        var html = await RenderAsync(
            context.RequestServices,
            [.. fresh.TakeLast(MaxLines).OrderByDescending(log => log.Time).Select(log => LogLines.Of(log, now))]
        );
        await context.Response.WriteAsync(
            $"data: {JsonSerializer.Serialize(new { fresh.Count, Html = html }, JsonSerializerOptions.Web)}\n\n",
            cancellationToken
        );
        await context.Response.Body.FlushAsync(cancellationToken);
    }

    private async Task<string> RenderAsync(IServiceProvider services, IReadOnlyList<LogLine> lines)
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        var rows = ParameterView.FromDictionary(new Dictionary<string, object?> { [nameof(LogRows.Lines)] = lines });
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<LogRows>(rows)).ToHtmlString());
    }
}
