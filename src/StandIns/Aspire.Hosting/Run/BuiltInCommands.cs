using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using static Aspire.Hosting.ApplicationModel.ResourceCommandState;

namespace Aspire.Hosting.Run;

/// <summary>Start, stop and restart of every process resource.</summary>
internal static class BuiltInCommands
{
    public static readonly IReadOnlyDictionary<string, string> Aliases = new Dictionary<string, string>
    {
        ["resource-start"] = KnownResourceCommands.StartCommand,
        ["resource-stop"] = KnownResourceCommands.StopCommand,
        ["resource-restart"] = KnownResourceCommands.RestartCommand,
    };

    public static void AddTo(IResource resource)
    {
        Add(KnownResourceCommands.StartCommand, "Start", "Play", IconVariant.Filled, true, Start, "started",
            (lifecycle, instance, cancellationToken) => lifecycle.StartByCommandAsync(resource, instance, cancellationToken));
        Add(KnownResourceCommands.StopCommand, "Stop", "Stop", IconVariant.Filled, true, Stop, "stopped",
            (lifecycle, instance, _) => lifecycle.StopAsync(resource, instance));
        Add(KnownResourceCommands.RestartCommand, "Restart", "ArrowCounterclockwise", IconVariant.Regular, false, Restart, "restarted",
            (lifecycle, instance, cancellationToken) => lifecycle.RestartByCommandAsync(resource, instance, cancellationToken));

        void Add(
            string name, string displayName, string icon, IconVariant variant, bool highlighted, Func<string?, ResourceCommandState> state, string done,
            Func<ResourceLifecycle, string, CancellationToken, Task> execute)
        {
            if (resource.Annotations.OfType<ResourceCommandAnnotation>().All(c => c.Name != name))
            {
                resource.Annotations.Add(new ResourceCommandAnnotation(
                    name, displayName, context => state(context.ResourceSnapshot.State?.Text),
                    async context =>
                    {
                        await execute(context.Services.GetRequiredService<ResourceLifecycle>(), context.ResourceName, context.CancellationToken).ConfigureAwait(false);
                        return CommandResults.Success($"Successfully {done} '{resource.Name}'.");
                    },
                    displayDescription: null, parameter: null, confirmationMessage: null, icon, variant, highlighted));
            }
        }
    }

    public static ResourceCommandState Start(string? state) => state switch
    {
        "Finished" or "FailedToStart" or "Exited" or "NotStarted" or "Unknown" or "Waiting" => Enabled,
        "Starting" or "Building" or "RuntimeUnhealthy" or null => Disabled,
        _ => Hidden,
    };

    public static ResourceCommandState Stop(string? state) => state switch
    {
        "Stopping" => Disabled,
        _ => IsRunningLike(state) ? Enabled : Hidden,
    };

    public static ResourceCommandState Restart(string? state) => IsRunningLike(state) ? Enabled : Disabled;

    private static bool IsRunningLike(string? state) => state is not (null or "Finished" or "FailedToStart" or "Exited" or "NotStarted" or "Unknown"
        or "Waiting" or "Starting" or "Building" or "RuntimeUnhealthy" or "Stopping");
}
