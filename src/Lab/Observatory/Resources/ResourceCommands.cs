using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>Runs commands, and keeps what became of them for the page that is shown next.</summary>
internal sealed partial class ResourceCommands(ResourceService service, ILogger<ResourceCommands> logger)
{
    // Bounded by Capacity; the oldest goes.
    private const int Capacity = 100;
    private const int MaxResultLength = 64 << 10;

    // A restart waits for the end of a process, and for what it waits for.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(90);

    private readonly Lock _lock = new();
    private readonly Queue<(string Id, OutcomeView Outcome)> _outcomes = new();

    /// <summary>Null outcome: the arguments were refused, for the reason given.</summary>
    public async Task<(OutcomeView? Outcome, string Refused)> ExecuteAsync(
        Resource resource, ResourceCommand command, IReadOnlyDictionary<string, Value> arguments, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(LongestWait);
        LogAsked(command.Name, resource.Name);

        try
        {
            var response = await service.ExecuteAsync(resource, command.Name, arguments, end.Token);
            return response.Kind == ResourceCommandResponseKind.InvalidArguments ? (null, response.Message) : (Outcome(command, response), "");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (new OutcomeView("warn", $"{command.DisplayName}: no answer yet", $"It was asked for {LongestWait.TotalSeconds:0} seconds ago and may still be under way.", ""), "");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ResourceServiceException)
        {
            return (new OutcomeView("bad", $"{command.DisplayName} failed", e.Message, ""), "");
        }
    }

    /// <summary>The id under which the next page finds it: an address must not be able to say what became of something.</summary>
    public string Keep(OutcomeView outcome)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

        lock (_lock)
        {
            if (_outcomes.Count == Capacity)
            {
                _outcomes.Dequeue();
            }

            _outcomes.Enqueue((id, outcome));
        }

        return id;
    }

    public OutcomeView? Find(string? id)
    {
        lock (_lock)
        {
            return _outcomes.FirstOrDefault(kept => kept.Id == id).Outcome;
        }
    }

    private static OutcomeView Outcome(ResourceCommand command, ResourceCommandResponse response)
    {
        var (look, word) = response.Kind switch
        {
            ResourceCommandResponseKind.Succeeded => ("", "done"),
            ResourceCommandResponseKind.Cancelled => ("warn", "cancelled"),
            _ => ("bad", "failed"),
        };
        var result = response.Result?.Value ?? "";
        return new OutcomeView(look, $"{command.DisplayName}: {word}", response.Message, result.Length > MaxResultLength ? result[..MaxResultLength] + "\n[and more]" : result);
    }

    [LoggerMessage(EventId = 5013, Level = LogLevel.Information, Message = "Somebody asked for the command {Command} of {Resource}.")]
    private partial void LogAsked(string command, string resource);
}
