using System.Text.Json;
using Microsoft.Extensions.Options;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>What an instance goes on to print, as server-sent events. The id of an event is the number of its last line.</summary>
internal sealed class ConsoleStream(ResourceService service, IOptions<ObservatoryOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    // Of a burst a reader gets as much at a time.
    private const int LinesPerEvent = 200;

    // So often a silent stream says that it is there, and finds out that its reader is not.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private int _open;

    public async Task<IResult> WriteAsync(HttpContext context, string instance, int after, string search)
    {
        if (Interlocked.Increment(ref _open) > options.Value.MaxFollowers)
        {
            Interlocked.Decrement(ref _open);
            context.Response.Headers.RetryAfter = "10";
            return TypedResults.Problem("Too many live streams are open.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream";

        try
        {
            await WriteAsync(context.Response, "retry: 3000\n\n", end.Token);
            await FollowAsync(context.Response, instance, after, search, end.Token);
            await WriteEventAsync(context.Response, "end", null, new { Reason = "The AppHost ended the stream." }, end.Token);
        }
        catch (Exception e) when (end.IsCancellationRequested && e is OperationCanceledException or IOException or HttpRequestException)
        {
            // The reader went away, or the process is stopping: the stream ends here in both cases.
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ResourceServiceException)
        {
            await WriteEventAsync(context.Response, "end", null, new { Reason = e.Message }, end.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }

        return TypedResults.Empty;
    }

    private async Task FollowAsync(HttpResponse response, string instance, int after, string search, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var updates = service.ConsoleAsync(instance, follow: true, end.Token).GetAsyncEnumerator(end.Token);
        var next = updates.MoveNextAsync().AsTask();
        var silence = Task.Delay(Silence, time, end.Token);

        try
        {
            while (true)
            {
                if (await Task.WhenAny(next, silence) != next)
                {
                    await silence;
                    await WriteAsync(response, ":\n\n", end.Token);
                    silence = Task.Delay(Silence, time, end.Token);
                    continue;
                }

                if (!await next)
                {
                    return;
                }

                await WriteLinesAsync(response, updates.Current, after, search, end.Token);
                next = updates.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // An enumerator cannot be disposed of while it moves.
            await end.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await silence.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task WriteLinesAsync(HttpResponse response, WatchResourceConsoleLogsUpdate update, int after, string search, CancellationToken cancellationToken)
    {
        foreach (var lines in update.LogLines.Where(line => line.LineNumber > after && ConsoleLine.Matches(line, search)).Chunk(LinesPerEvent))
        {
            var shown = lines.Select(line => ConsoleLine.Of(line, ConsoleLine.ShownLength)).Select(line => new { line.Number, line.Time, line.IsError, line.Runs });
            await WriteEventAsync(response, "lines", lines[^1].LineNumber, shown, cancellationToken);
        }
    }

    // JSON holds no line ends, which would end the event.
    private static Task WriteEventAsync(HttpResponse response, string name, int? id, object data, CancellationToken cancellationToken) => WriteAsync(
        response, $"event: {name}\n{(id is null ? "" : FormattableString.Invariant($"id: {id}\n"))}data: {JsonSerializer.Serialize(data, JsonSerializerOptions.Web)}\n\n", cancellationToken);

    private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancellationToken)
    {
        await response.WriteAsync(text, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
