using Aspire.Hosting.Run;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Executes the commands of resources, as a dashboard's buttons do.</summary>
public class ResourceCommandService
{
    private readonly ResourceNotificationService _notifications;
    private readonly ResourceLoggerService _loggers;
    private readonly IServiceProvider _services;

    internal ResourceCommandService(ResourceNotificationService notifications, ResourceLoggerService loggers, IServiceProvider services) =>
        (_notifications, _loggers, _services) = (notifications, loggers, services);

    /// <summary>Of every replica, all at once.</summary>
    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteAsync(resource, commandName, CommandArguments.None, cancellationToken);

    public Task<ExecuteCommandResult> ExecuteCommandAsync(
        IResource resource, string commandName, InteractionInputCollection arguments, CancellationToken cancellationToken = default) =>
        ExecuteAsync(resource, commandName, Values(arguments), cancellationToken);

    public Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteByValuesAsync(resourceId, commandName, CommandArguments.None, cancellationToken);

    public Task<ExecuteCommandResult> ExecuteCommandAsync(
        string resourceId, string commandName, InteractionInputCollection arguments, CancellationToken cancellationToken = default) =>
        ExecuteByValuesAsync(resourceId, commandName, Values(arguments), cancellationToken);

    internal Task<ExecuteCommandResult> ExecuteByValuesAsync(
        string resourceId, string commandName, IReadOnlyDictionary<string, string?> arguments, CancellationToken cancellationToken) =>
        _notifications.TryGetCurrentState(resourceId, out var found)
            ? ExecuteAsync(found.Resource, found.ResourceId, commandName, arguments, cancellationToken)
            : Task.FromResult(CommandResults.Failure($"Resource '{resourceId}' not found."));

    private static Dictionary<string, string?> Values(InteractionInputCollection arguments) => arguments.ToDictionary(a => a.Name, a => a.Value);

    private async Task<ExecuteCommandResult> ExecuteAsync(
        IResource resource, string commandName, IReadOnlyDictionary<string, string?> arguments, CancellationToken cancellationToken)
    {
        var results = await Task.WhenAll(resource.InstanceIds().Select(id => ExecuteAsync(resource, id, commandName, arguments, cancellationToken))).ConfigureAwait(false);
        return results is [var only] ? only
            : results.Where(r => r is { Success: false, Canceled: false }).ToArray() is { Length: > 0 } failed ? CommandResults.Failure(string.Join(' ', failed.Select(f => f.Message)))
            : results.FirstOrDefault(r => r.Canceled) ?? results[0];
    }

    private async Task<ExecuteCommandResult> ExecuteAsync(
        IResource resource, string resourceId, string commandName, IReadOnlyDictionary<string, string?> arguments, CancellationToken cancellationToken)
    {
        var name = BuiltInCommands.Aliases.GetValueOrDefault(commandName, commandName);
        if (resource.Annotations.OfType<ResourceCommandAnnotation>().SingleOrDefault(c => c.Name == name) is not { } command)
        {
            return CommandResults.Failure($"Command '{commandName}' not available for resource '{resourceId}'.");
        }

        try
        {
            var bound = await CommandArguments.BindAsync(command, arguments, _services, cancellationToken).ConfigureAwait(false);
            if (bound.Errors.Count > 0)
            {
                return new ExecuteCommandResult
                {
                    Success = false,
                    InvalidArguments = true,
                    Message = $"Invalid arguments: {string.Join(' ', bound.Errors.Select(e => $"{e.Input}: {e.Message}"))}",
                };
            }

            return await command.ExecuteCommand(new ExecuteCommandContext
            {
                Arguments = bound.Inputs,
                Services = _services,
                ResourceName = resourceId,
                CancellationToken = cancellationToken,
                Logger = _loggers.GetLogger(resourceId),
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return CommandResults.Canceled();
        }
#pragma warning disable CA1031 // Whatever a command throws is its result.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return CommandResults.Failure(e);
        }
    }
}
