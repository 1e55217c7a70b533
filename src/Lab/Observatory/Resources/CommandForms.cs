using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

internal static class CommandForms
{
    /// <summary>Only what may be asked for now.</summary>
    public static ResourceCommand? Find(ResourceInstance instance, string name) =>
        instance.Resource.Commands.FirstOrDefault(command => command.Name == name && command.State == ResourceCommandState.Enabled);

    public static CommandForm Build(
        ResourceInstance instance, ResourceCommand command, IFormCollection? given, Dictionary<string, string> problems, string problem, string token) => new(
        instance.Resource.Name, instance.Href, command.DisplayName, command.DisplayDescription,
        command.HasConfirmationMessage ? command.ConfirmationMessage
            : command.ArgumentInputs.Count > 0 ? ""
            : $"{command.DisplayName} {instance.Resource.Name}?",
        CommandArguments.Fields(command, given, problems), problem, token, $"{instance.Href}/command?name={Uri.EscapeDataString(command.Name)}");
}
