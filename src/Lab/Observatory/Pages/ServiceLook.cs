namespace Platform.Observatory.Pages;

/// <summary>The colour of a service is fixed for ever; whoever is not ours is stone.</summary>
internal static class ServiceLook
{
    public static string ClassOf(string service) =>
        service switch
        {
            "gateway" or "orders" or "payments" or "worker" or "traffic" => service,
            "acquirer" or "llm" => "outside",
            _ => "server",
        };
}
