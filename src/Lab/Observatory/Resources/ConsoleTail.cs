using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>The end of what an instance has printed. Problem: why there may be more.</summary>
internal sealed record ConsoleTail(IReadOnlyList<ConsoleLine> Lines, int Printed, int LastNumber, string Problem)
{
    public const int Longest = 1_000;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    public static async Task<ConsoleTail> ReadAsync(ResourceService service, string instance, string search, int limit, CancellationToken cancellationToken)
    {
        // Bounded by limit; the oldest goes.
        var last = new Queue<ConsoleLine>();
        var (printed, number, problem) = (0, 0, "");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(LongestWait);

        try
        {
            await foreach (var update in service.ConsoleAsync(instance, follow: false, end.Token))
            {
                printed += update.LogLines.Count;

                foreach (var line in update.LogLines)
                {
                    number = Math.Max(number, line.LineNumber);
                    Add(line);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problem = $"The AppHost did not send everything within {LongestWait.TotalSeconds:0} seconds.";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ResourceServiceException)
        {
            problem = e.Message;
        }

        return new ConsoleTail([.. last], printed, number, problem);

        void Add(ConsoleLogLine line)
        {
            if (!ConsoleLine.Matches(line, search))
            {
                return;
            }

            if (last.Count == limit)
            {
                last.Dequeue();
            }

            last.Enqueue(ConsoleLine.Of(line, ConsoleLine.ShownLength));
        }
    }
}
