using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>How Aspire.Hosting.Testing sees the builder that an AppHost's entry point makes in the test process.</summary>
internal abstract class InterceptedBuilder
{
    private static readonly AsyncLocal<InterceptedBuilder?> Slot = new();

    public static InterceptedBuilder? Current
    {
        get => Slot.Value;
        set => Slot.Value = value;
    }

    public abstract void Constructing(DistributedApplicationOptions options, HostApplicationBuilderSettings settings);

    public abstract void Constructed(DistributedApplicationBuilder builder);

    /// <summary>Blocks the entry point until the test has changed the model and asks for the application.</summary>
    public abstract void Building(DistributedApplicationBuilder builder);

    public abstract void Built(DistributedApplication application);
}
