namespace Platform.Observatory.Text;

/// <summary>A service as a page shows it: its name, and the CSS class of its colour.</summary>
public sealed record ServiceName(string Name, string Class)
{
    public static ServiceName Of(string name) => new(name, ClassOf(name));

    /// <summary>The colour of a service never changes; servers, and services that are not of this platform, share one.</summary>
    public static string ClassOf(string service) =>
        service switch
        {
            "gateway" or "orders" or "payments" or "worker" or "traffic" => service,
            "acquirer" or "llm" => "outside",
            _ => "server",
        };
}
