namespace Platform.AppHost.Faults;

/// <summary>All that can be broken on purpose. docs/faults.md is the table for people.</summary>
internal static class ShopFaults
{
    private static readonly string[] Services = ["gateway", "orders", "payments", "worker"];

    /// <summary>Adds all of them, and marks those that a person injects on Observatory's charts.</summary>
    public static void AddShopFaults(this IDistributedApplicationBuilder builder, IResourceBuilder<ProjectResource> observatory)
    {
        // What is published has no folder of this machine.
        if (builder.ExecutionContext.IsPublishMode)
        {
            return;
        }

        builder
            .AddFaults([
                .. CompanyFaults.OfAny("acquirer", "Payments come late; placing orders is as fast as ever."),
                .. CompanyFaults.OfAcquirer(),
                .. CompanyFaults.OfAny("llm", "Receipts come later and without a fraud note; customers hardly notice."),
                .. ServerFaults.Postgres(),
                .. ServerFaults.Redis(),
                .. ServerFaults.RabbitMq(),
                .. Services.SelectMany(service => ProcessFaults.Of(service, builder)),
                .. ReleaseFaults.All(builder),
                .. TrafficFaults.All(),
            ])
            ?.WithObserver(
                new FaultObserver(
                    observatory.GetEndpoint("http"),
                    "/api/faults",
                    "x-api-key",
                    builder.Configuration["AppHost:DashboardApiKey"]
                )
            );
    }
}
