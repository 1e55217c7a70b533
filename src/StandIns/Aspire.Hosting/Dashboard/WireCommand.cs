using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;

namespace Aspire.Hosting.Dashboard;

/// <summary>Commands and what became of them, as dashboards read them.</summary>
internal static class WireCommand
{
    public static Wire.ResourceCommand Of(ResourceCommandSnapshot command)
    {
        var wire = new Wire.ResourceCommand
        {
            Name = command.Name,
            DisplayName = command.DisplayName,
            IsHighlighted = command.IsHighlighted,
            State = command.State switch
            {
                ResourceCommandState.Enabled => Wire.ResourceCommandState.Enabled,
                ResourceCommandState.Disabled => Wire.ResourceCommandState.Disabled,
                _ => Wire.ResourceCommandState.Hidden,
            },
        };
        if (command.ConfirmationMessage is not null)
        {
            wire.ConfirmationMessage = command.ConfirmationMessage;
        }

        if (command.DisplayDescription is not null)
        {
            wire.DisplayDescription = command.DisplayDescription;
        }

        if (command.IconName is not null)
        {
            wire.IconName = command.IconName;
            wire.IconVariant = Of(command.IconVariant ?? IconVariant.Regular);
        }

        wire.ArgumentInputs.AddRange(command.Arguments.Select(Of));
        return wire;
    }

    /// <summary>The values of a call as text, as a form would send them.</summary>
    public static Dictionary<string, string?> Arguments(IEnumerable<KeyValuePair<string, Value>> arguments) => arguments.ToDictionary(a => a.Key, a => a.Value.KindCase switch
    {
        Value.KindOneofCase.StringValue => a.Value.StringValue,
        Value.KindOneofCase.NumberValue => a.Value.NumberValue.ToString("R", CultureInfo.InvariantCulture),
        Value.KindOneofCase.BoolValue => a.Value.BoolValue ? "true" : "false",
        Value.KindOneofCase.NullValue => null,
        _ => throw new GrpcStatusException(GrpcStatus.InvalidArgument, $"Argument '{a.Key}' must be text, a number, true or false."),
    });

    public static Wire.IconVariant Of(IconVariant variant) => variant == IconVariant.Filled ? Wire.IconVariant.Filled : Wire.IconVariant.Regular;

    public static Wire.ResourceCommandResponse Response(ExecuteCommandResult result)
    {
        var response = new Wire.ResourceCommandResponse
        {
            Kind = result switch
            {
                { Success: true } => Wire.ResourceCommandResponseKind.Succeeded,
                { InvalidArguments: true } => Wire.ResourceCommandResponseKind.InvalidArguments,
                { Canceled: true } => Wire.ResourceCommandResponseKind.Cancelled,
                _ => Wire.ResourceCommandResponseKind.Failed,
            },
        };
        if (result.Message is not null)
        {
            response.Message = result.Message;
        }

        if (result.Data is { } data)
        {
            response.Result = new Wire.ResourceCommandResult
            {
                Value = data.Value,
                Format = data.Format switch
                {
                    CommandResultFormat.Json => Wire.CommandResultFormat.Json,
                    CommandResultFormat.Markdown => Wire.CommandResultFormat.Markdown,
                    _ => Wire.CommandResultFormat.Text,
                },
                DisplayImmediately = data.DisplayImmediately,
            };
        }

        return response;
    }

    private static Wire.InteractionInput Of(InteractionInput input)
    {
        var wire = new Wire.InteractionInput
        {
            Name = input.Name,
            Label = input.Label ?? input.Name,
            Description = input.Description ?? "",
            Placeholder = input.Placeholder ?? "",
            InputType = input.InputType switch
            {
                InputType.SecretText => Wire.InputType.SecretText,
                InputType.Choice => Wire.InputType.Choice,
                InputType.Boolean => Wire.InputType.Boolean,
                InputType.Number => Wire.InputType.Number,
                _ => Wire.InputType.Text,
            },
            Required = input.Required,
            // A secret that stands in the model is no suggestion.
            Value = input.InputType == InputType.SecretText ? "" : input.Value ?? "",
            MaxLength = input.MaxLength ?? 0,
            AllowCustomChoice = input.AllowCustomChoice,
            Disabled = input.Disabled,
        };
        foreach (var (value, text) in input.Options ?? [])
        {
            wire.Options[value] = text;
        }

        return wire;
    }
}
