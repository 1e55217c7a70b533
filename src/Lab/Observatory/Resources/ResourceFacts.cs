using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>What a snapshot says, in the words of the contract.</summary>
internal static class ResourceFacts
{
    public const string Masked = "\u2022\u2022\u2022\u2022\u2022\u2022\u2022\u2022";

    public static bool IsEnded(Resource resource) => resource.State is "Finished" or "Exited" or "FailedToStart";

    public static bool IsRunning(Resource resource) => resource.State is "Running" or "Active";

    public static int? ExitCode(Resource resource) =>
        IsEnded(resource) && Property(resource, "resource.exitCode")?.Value is { KindCase: Value.KindOneofCase.NumberValue } value ? (int)value.NumberValue : null;

    /// <summary>The file, image or command that a resource is made from; blank when it is marked as sensitive.</summary>
    public static string Source(Resource resource) => Property(resource, "resource.source") is { IsSensitive: false } source ? Text(source.Value) : "";

    /// <summary>By the name of a resource or of an instance; null for a resource that stands by itself.</summary>
    public static string? Parent(Resource resource) => resource.Relationships.FirstOrDefault(relationship => relationship.Type == "Parent")?.ResourceName;

    public static DateTimeOffset? Time(Timestamp? time) => time switch
    {
        null => null,

        // Beyond these DateTimeOffset throws.
        { Seconds: >= -62135596800 and <= 253402300799, Nanos: >= 0 and < 1_000_000_000 } => DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddTicks(time.Nanos / 100),
        _ => null,
    };

    public static string Text(Value? value) => value?.KindCase switch
    {
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.NumberValue => value.NumberValue.ToString("R", CultureInfo.InvariantCulture),
        Value.KindOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        Value.KindOneofCase.ListValue => string.Join(' ', value.ListValue.Values.Select(Text)),
        Value.KindOneofCase.StructValue => string.Join(' ', value.StructValue.Fields.Select(field => $"{field.Key}={Text(field.Value)}")),
        _ => "",
    };

    private static ResourceProperty? Property(Resource resource, string name) => resource.Properties.FirstOrDefault(property => property.Name == name);
}
