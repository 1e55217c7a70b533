using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Platform.OutsideCompany;

/// <summary>What a company says of our key. It answers 401 unless it accepts it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<KeyState>))]
public enum KeyState
{
    [JsonStringEnumMemberName("accepted")]
    Accepted,

    [JsonStringEnumMemberName("revoked")]
    Revoked,

    [JsonStringEnumMemberName("expired")]
    Expired,
}

/// <summary>
/// How a company treats the requests it gets. Key, latency and errors come before the work; timeouts, and answers that stop or break half-
/// way, after it.
/// </summary>
public sealed record Behaviour
{
    public static readonly Behaviour Normal = new();

    private static readonly Dictionary<string, Behaviour> Presets = new(StringComparer.Ordinal)
    {
        ["normal"] = Normal,
        ["slow"] = new() { LatencyMs = 3000 },
        ["failing"] = new() { ErrorRate = 1 },
        ["flaky"] = new() { ErrorRate = 0.3 },
        ["timing-out"] = new() { TimeoutRate = 1 },
        ["declining"] = new() { DeclineRate = 1 },
    };

    [Range(0, 60_000)]
    public int LatencyMs { get; init; }

    /// <summary>Upper bound of additional, uniformly distributed latency.</summary>
    [Range(0, 60_000)]
    public int JitterMs { get; init; }

    [Range(0.0, 1.0)]
    public double ErrorRate { get; init; }

    [Range(400, 599)]
    public int ErrorStatus { get; init; } = 503;

    [Range(0.0, 1.0)]
    public double DeclineRate { get; init; }

    /// <summary>Share of charges or completions that are never answered; reading and voiding a charge still are.</summary>
    [Range(0.0, 1.0)]
    public double TimeoutRate { get; init; }

    /// <summary>Share of requests whose answer begins and never ends.</summary>
    [Range(0.0, 1.0)]
    public double StallRate { get; init; }

    /// <summary>Share of requests whose answer is 200 with half of its JSON.</summary>
    [Range(0.0, 1.0)]
    public double GarbageRate { get; init; }

    [Range(1, 100_000)]
    public int? LimitPerSecond { get; init; }

    /// <summary>What a request over the limit is told to wait.</summary>
    [Range(1, 3600)]
    public int RetryAfterSeconds { get; init; } = 1;

    [EnumDataType(typeof(KeyState))]
    public KeyState Key { get; init; }

    /// <summary>False: events are dropped, not delayed.</summary>
    public bool Webhooks { get; init; } = true;

    [Range(0, 600_000)]
    public int WebhookDelayMs { get; init; }

    /// <summary>Upper bound of additional delay, drawn for each delivery: later events overtake earlier ones.</summary>
    [Range(0, 600_000)]
    public int WebhookJitterMs { get; init; }

    /// <summary>How often each event is delivered.</summary>
    [Range(1, 10)]
    public int WebhookCopies { get; init; } = 1;

    /// <summary>Deliveries are signed with a key that is not the agreed one.</summary>
    public bool WebhooksMissigned { get; init; }

    public static Behaviour? Preset(string name, CompanyProfile company) =>
        Presets.TryGetValue(name, out var preset) && preset.Errors(company).Count == 0 ? preset : null;

    public static IEnumerable<string> PresetNames(CompanyProfile company) => Presets.Keys.Where(name => Preset(name, company) is not null);

    /// <summary>Validation errors by JSON field name; empty when valid.</summary>
    public Dictionary<string, string[]> Errors(CompanyProfile company)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(this, new ValidationContext(this), results, validateAllProperties: true);
        if (!company.TakesPayments)
        {
            // Accepting a setting without effect would mislead whoever made it.
            Require(DeclineRate == 0, nameof(DeclineRate));
            Require(Webhooks, nameof(Webhooks));
            Require(WebhookDelayMs == 0, nameof(WebhookDelayMs));
            Require(WebhookJitterMs == 0, nameof(WebhookJitterMs));
            Require(WebhookCopies == 1, nameof(WebhookCopies));
            Require(!WebhooksMissigned, nameof(WebhooksMissigned));
        }

        return results
            .SelectMany(result =>
                result.MemberNames.Select(member => (Field: JsonNamingPolicy.CamelCase.ConvertName(member), result.ErrorMessage))
            )
            .GroupBy(error => error.Field, StringComparer.Ordinal)
            .ToDictionary(
                group => group.Key,
                group => group.Select(error => error.ErrorMessage ?? "Invalid.").ToArray(),
                StringComparer.Ordinal
            );

        void Require(bool fulfilled, string member)
        {
            if (!fulfilled)
            {
                results.Add(new ValidationResult("This company takes no payments.", [member]));
            }
        }
    }
}
