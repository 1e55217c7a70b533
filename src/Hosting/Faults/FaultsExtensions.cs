using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Platform.Faults;

namespace Aspire.Hosting;

/// <summary>What is broken on purpose, for Aspire's dashboard: it runs nothing.</summary>
public sealed class FaultsResource(string name) : Resource(name)
{
    /// <summary>Who is told what a person broke; null for nobody.</summary>
    internal FaultObserver? Observer { get; set; }
}

/// <summary>
/// Gets the list of faults that a person injected in this run by PUT, whenever it changes: <c>{"faults": [FaultState]}</c>.
/// </summary>
/// <param name="Endpoint">Of the observer.</param>
/// <param name="Path">On it.</param>
/// <param name="KeyHeader">Name of the header with the key.</param>
/// <param name="Key">Null for none.</param>
public sealed record FaultObserver(EndpointReference Endpoint, string Path, string KeyHeader, string? Key);

public static class FaultsExtensions
{
    /// <summary>The command that ends the faults of a resource.</summary>
    public const string EndCommand = "normal";

    private const string EndAllCommand = "end-all";
    private const string StrengthArgument = "strength";
    private const string ScopeArgument = "scope";
    private const string MinutesArgument = "minutes";

    /// <summary>
    /// Adds a command for each fault to the resource where it lives, one there that ends its faults, a resource that shows what is on with
    /// a command that ends them all, and the control channel. Development only: elsewhere, and when a manifest is published, nothing is
    /// added.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="faults">Faults of resources that are in the model.</param>
    /// <returns>The resource; null where nothing was added.</returns>
    public static IResourceBuilder<FaultsResource>? AddFaults(this IDistributedApplicationBuilder builder, IReadOnlyList<Fault> faults)
    {
        if (builder.ExecutionContext.IsPublishMode || !builder.Environment.IsDevelopment())
        {
            return null;
        }

        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ResourceInstances>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ResourceInstances>());
        builder.Services.AddSingleton(services =>
            ActivatorUtilities.CreateInstance<FaultRunner>(services, faults, new UndoJournal(JournalOf(builder.AppHostDirectory)))
        );
        builder.Services.AddHostedService(services => services.GetRequiredService<FaultRunner>());
        builder.Services.AddSingleton<FaultControl>();
        builder.Services.AddHostedService(services => services.GetRequiredService<FaultControl>());
        var shown = builder
            .AddResource(new FaultsResource("faults"))
            .WithInitialState(
                new CustomResourceSnapshot
                {
                    ResourceType = "Faults",
                    State = KnownResourceStates.Running,
                    Properties = [],
                }
            )
            .WithIconName("BugArrowCounterclockwise")
            .ExcludeFromManifest()
            .WithCommand(
                EndAllCommand,
                "End all faults",
                context => ActAsync(context, client => client.EndAllAsync(null, context.CancellationToken)),
                new CommandOptions
                {
                    Description = "Undoes everything that was broken on purpose.",
                    IconName = "ArrowReset",
                    IsHighlighted = true,
                }
            );
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<FaultsView>(services, shown.Resource));
        foreach (var group in faults.GroupBy(fault => fault.Resource))
        {
            var resource = builder.CreateResourceBuilder(builder.Resources.Single(resource => resource.Name == group.Key));
            foreach (var fault in group)
            {
                AddCommand(resource, fault);
            }

            resource.WithCommand(
                EndCommand,
                "Back to normal",
                context => ActAsync(context, client => client.EndAllAsync(group.Key, context.CancellationToken)),
                new CommandOptions { Description = "Undoes the faults of this resource.", IconName = "ArrowReset" }
            );
        }

        return shown;
    }

    /// <summary>Tells somebody what a person broke, and never what a drill hides.</summary>
    public static IResourceBuilder<FaultsResource> WithObserver(this IResourceBuilder<FaultsResource> faults, FaultObserver observer)
    {
        faults.Resource.Observer = observer;
        return faults;
    }

    private static void AddCommand(IResourceBuilder<IResource> resource, Fault fault) =>
        resource.WithCommand(
            fault.Name,
            $"Break: {fault.Text.Title}",
            context =>
                ActAsync(
                    context,
                    client =>
                        client.InjectAsync(
                            fault.Resource,
                            fault.Name,
                            new FaultRequest(
                                Number(context, StrengthArgument),
                                Number(context, MinutesArgument),
                                Text(context, ScopeArgument),
                                fault.IsPerInstance ? context.ResourceName : null,
                                ByHand: true
                            ),
                            context.CancellationToken
                        )
                ),
            new CommandOptions
            {
                Description = $"{fault.Text.UsersFeel} {fault.Text.Telemetry}",
                ConfirmationMessage = fault.Text.UsersFeel,
                IconName = fault.Text.Icon,
                Arguments = [.. ArgumentsOf(fault)],
                UpdateState = context =>
                    context.Services.GetRequiredService<FaultRunner>().WhyNot(fault) is null
                        ? ResourceCommandState.Enabled
                        : ResourceCommandState.Disabled,
            }
        );

    private static IEnumerable<InteractionInput> ArgumentsOf(Fault fault)
    {
        if (fault.Strength is { } strength)
        {
            yield return new InteractionInput
            {
                Name = StrengthArgument,
                Label = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{strength.Label}, {strength.Min} to {strength.Max} {(strength.Unit == "1" ? "" : strength.Unit)}"
                ),
                InputType = InputType.Number,
                Value = strength.Default.ToString(CultureInfo.InvariantCulture),
            };
        }

        if (fault.Scopes.Count > 0)
        {
            yield return new InteractionInput
            {
                Name = ScopeArgument,
                Label = "Only",
                InputType = InputType.Choice,
                Options = [.. fault.Scopes.Select(scope => KeyValuePair.Create(scope, scope))],
                Value = fault.Scopes[0],
            };
        }

        yield return new InteractionInput
        {
            Name = MinutesArgument,
            Label = string.Create(CultureInfo.InvariantCulture, $"Minutes, at most {FaultRequest.MaxMinutes}"),
            InputType = InputType.Number,
            Value = FaultRequest.DefaultMinutes.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static string? Text(ExecuteCommandContext context, string name) =>
        context.Arguments.TryGetByName(name, out var input) && input.Value is { Length: > 0 } text ? text : null;

    private static double? Number(ExecuteCommandContext context, string name) =>
        Text(context, name) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
        : throw new FaultException($"{name} must be a number.");

    private static async Task<ExecuteCommandResult> ActAsync(ExecuteCommandContext context, Func<FaultClient, Task> act)
    {
        try
        {
            var control = context.Services.GetRequiredService<FaultControl>();
            await act(new FaultClient(control.Address, control.Key));
            return CommandResults.Success();
        }
        catch (FaultException exception)
        {
            return CommandResults.Failure(exception.Message);
        }
    }

    // Survives a restart of the machine; one for each AppHost.
    private static string JournalOf(string appHostDirectory) =>
        Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "aspire-faults",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(appHostDirectory)))[..16]
        );
}
