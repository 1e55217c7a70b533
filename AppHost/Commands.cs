namespace Platform.AppHost;

/// <summary>What the dashboard offers on a resource: a first failure is one command away.</summary>
internal static class Commands
{
    /// <summary>One command for each preset of an outside company's behaviour.</summary>
    public static IResourceBuilder<ProjectResource> WithBehaviourCommands(
        this IResourceBuilder<ProjectResource> company,
        IResourceBuilder<ParameterResource> adminKey,
        params string[] presets
    )
    {
        foreach (var preset in presets)
        {
            company.WithHttpCommand(
                $"/admin/behaviour/{preset}",
                preset == "normal" ? "Back to normal" : $"Make it {preset}",
                endpointName: "http",
                commandName: preset,
                commandOptions: new HttpCommandOptions { PrepareRequest = context => AddHeaderAsync(context, "X-Admin-Key", adminKey) }
            );
        }

        return company;
    }

    public static IResourceBuilder<ProjectResource> WithDeadLetterCommand(
        this IResourceBuilder<ProjectResource> service,
        IResourceBuilder<ParameterResource> managementKey
    ) =>
        service.WithHttpCommand(
            "/dead-letters/send-again",
            "Send dead letters again",
            endpointName: "management",
            commandName: "send-dead-letters-again",
            commandOptions: new HttpCommandOptions
            {
                Description = "Puts each dead letter of this service back into the queue it came from.",
                PrepareRequest = context => AddHeaderAsync(context, "X-Management-Key", managementKey),
            }
        );

    private static async Task AddHeaderAsync(HttpCommandRequestContext context, string name, IResourceBuilder<ParameterResource> key) =>
        context.Request.Headers.Add(name, await key.Resource.GetValueAsync(context.CancellationToken));
}
