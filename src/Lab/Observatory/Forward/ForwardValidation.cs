using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Forward;

/// <summary>Validates the forwarding options at startup. Header values are secrets and appear in no message.</summary>
internal sealed partial class ForwardValidation : IValidateOptions<ObservatoryOptions>
{
    public const int MaxDestinations = 8;
    private const string Section = $"{ObservatoryOptions.SectionName}:{nameof(ObservatoryOptions.Forward)}";

    public ValidateOptionsResult Validate(string? name, ObservatoryOptions options)
    {
        List<string> failures = [.. options.Forward.SelectMany(entry => Check($"{Section}:{entry.Key}", entry.Key, entry.Value))];
        var names = options.Forward.Select(entry => entry.Value.Name ?? entry.Key).ToList();

        if (names.Count > MaxDestinations)
        {
            failures.Add($"{Section} has {names.Count} destinations; {MaxDestinations} are possible.");
        }

        failures.AddRange(
            names
                .GroupBy(each => each, StringComparer.Ordinal)
                .Where(same => same.Count() > 1)
                .Select(same => $"{Section}: two destinations have the Name {same.Key}.")
        );

        if (options.ForwardDsn is { Length: > 0 } dsn && Dsn.TryRead(dsn) is null)
        {
            failures.Add(
                $"{ObservatoryOptions.SectionName}:{nameof(ObservatoryOptions.ForwardDsn)} must look like https://key@host/project."
            );
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Check(string path, string key, DestinationOptions destination)
    {
        if (!NameText().IsMatch(destination.Name ?? key))
        {
            yield return $"{path}:{nameof(destination.Name)} must be letters, digits, '.', '_' and '-', 64 at most.";
        }

        if (
            !Uri.TryCreate(destination.Endpoint, UriKind.Absolute, out var endpoint)
            || endpoint.Scheme is not ("http" or "https")
            || endpoint.UserInfo.Length > 0
            || endpoint.Query.Length > 0
            || endpoint.Fragment.Length > 0
        )
        {
            yield return $"{path}:{nameof(destination.Endpoint)} must be an absolute http or https address "
                + "without user, query and fragment.";
        }
        else if (destination.Protocol == DestinationOptions.Grpc && endpoint.AbsolutePath != "/")
        {
            yield return $"{path}:{nameof(destination.Endpoint)} must have no path when {nameof(destination.Protocol)} is grpc.";
        }

        if (destination.Protocol is not (DestinationOptions.Grpc or DestinationOptions.HttpProtobuf))
        {
            yield return $"{path}:{nameof(destination.Protocol)} must be {DestinationOptions.Grpc} or {DestinationOptions.HttpProtobuf}.";
        }

        if (destination.Compression is not ("gzip" or "none"))
        {
            yield return $"{path}:{nameof(destination.Compression)} must be gzip or none.";
        }

        if (destination.MaxSpansPerSecond is < 1)
        {
            yield return $"{path}:{nameof(destination.MaxSpansPerSecond)} must be 1 or more.";
        }

        if (HeaderList.TryRead(destination.Headers) is null)
        {
            yield return $"{path}:{nameof(destination.Headers)} must be name=value pairs with commas between them.";
        }
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex NameText();
}
