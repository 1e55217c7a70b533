using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Platform.OutsideCompany;

/// <summary>Sets behaviour and reads recorded requests at run time; requires X-Admin-Key.</summary>
public static class AdminApi
{
    private const int DefaultLimit = 100;

    // Strict: a misspelt setting would be ignored silently.
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The /admin routes, which require the key.</summary>
    public static RouteGroupBuilder MapAdminGroup(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/admin");
        admin.AddEndpointFilter(
            async (invocation, next) =>
            {
                var company = (CompanyProfile)invocation.HttpContext.RequestServices.GetService(typeof(CompanyProfile))!;
                return SecretKey.Matches(invocation.HttpContext.Request.Headers["X-Admin-Key"], company.AdminKey)
                    ? await next(invocation)
                    : TypedResults.Problem("Send the admin key in X-Admin-Key.", statusCode: StatusCodes.Status401Unauthorized);
            }
        );
        return admin;
    }

    public static bool TryLimit(int? limit, int max, out int count, [NotNullWhen(false)] out ValidationProblem? problem)
    {
        count = limit ?? Math.Min(DefaultLimit, max);
        problem = count >= 1 && count <= max ? null : Invalid("limit", $"Must be 1 to {max}.");
        return problem is null;
    }

    public static ValidationProblem Invalid(string field, string message) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] });

    internal static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapAdminGroup();
        admin.MapGet("/behaviour", (BehaviourSwitch behaviour) => TypedResults.Ok(behaviour.Current));
        admin.MapPut("/behaviour", PutBehaviourAsync);
        admin.MapPost("/behaviour/{preset}", UsePreset);
        admin.MapGet("/requests", ListRequests);
        admin.MapDelete(
            "/requests",
            (RequestRecorder recorder) =>
            {
                recorder.Clear();
                return TypedResults.NoContent();
            }
        );
    }

    private static async Task<Results<Ok<Behaviour>, ValidationProblem>> PutBehaviourAsync(
        HttpRequest request,
        BehaviourSwitch behaviour,
        CompanyProfile company,
        CancellationToken cancellationToken
    )
    {
        Behaviour? wanted;
        try
        {
            wanted = await JsonSerializer.DeserializeAsync<Behaviour>(request.Body, Strict, cancellationToken);
        }
        catch (JsonException exception)
        {
            // 400 with the field: "$.errorRate" -> errorRate.
            return Invalid(exception.Path is { Length: > 2 } path ? path[2..] : "body", exception.Message);
        }

        if (wanted is null)
        {
            return Invalid("body", "Must be a JSON object.");
        }

        if (wanted.Errors(company) is { Count: > 0 } errors)
        {
            return TypedResults.ValidationProblem(errors);
        }

        behaviour.Current = wanted;
        return TypedResults.Ok(wanted);
    }

    private static Results<Ok<Behaviour>, ValidationProblem> UsePreset(string preset, BehaviourSwitch behaviour, CompanyProfile company)
    {
        if (Behaviour.Preset(preset, company) is not { } wanted)
        {
            return Invalid("preset", $"Must be one of {string.Join(", ", Behaviour.PresetNames(company))}.");
        }

        behaviour.Current = wanted;
        return TypedResults.Ok(wanted);
    }

    private static Results<Ok<RecordedRequests>, ValidationProblem> ListRequests(
        string? traceId,
        string? idempotencyKey,
        int? limit,
        RequestRecorder recorder
    )
    {
        if (!TryLimit(limit, RequestRecorder.Capacity, out var count, out var problem))
        {
            return problem;
        }

        var (seen, requests) = recorder.Find(traceId, idempotencyKey, count);
        return TypedResults.Ok(new RecordedRequests(seen, requests));
    }
}

/// <summary>The answer of GET /admin/requests, newest first.</summary>
public sealed record RecordedRequests(long Seen, IReadOnlyList<RecordedRequest> Requests);
