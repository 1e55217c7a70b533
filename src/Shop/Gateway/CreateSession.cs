using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Platform.Gateway;

/// <summary>Public, because validation is generated for public types only.</summary>
public sealed record CreateSessionRequest(
    [property: Required, StringLength(64)] string Tenant,
    [property: Required, StringLength(64)] string User
);

internal sealed record CreateSessionResponse(string Token, DateTimeOffset ExpiresAt);

internal sealed class SignInMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _signIns = meters
        .Create("Platform.Gateway")
        .CreateCounter<long>("platform.sign_ins", "{sign_in}", "Sessions asked for, by outcome (done, refused).");

    public void SignedIn(string outcome) => _signIns.Add(1, new KeyValuePair<string, object?>("platform.outcome", outcome));
}

internal static partial class CreateSession
{
    public static IEndpointConventionBuilder MapCreateSession(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/sessions", Handle).WithName("CreateSession");

    internal static Results<Created<CreateSessionResponse>, ProblemHttpResult> Handle(
        CreateSessionRequest request,
        SessionTokens tokens,
        SignInMetrics metrics,
        ILogger<CreateSessionRequest> logger
    )
    {
        if (!Tenants.Has(request.Tenant, request.User))
        {
            LogRefused(logger);
            metrics.SignedIn("refused");
            return TypedResults.Problem("There is no such tenant and user.", statusCode: StatusCodes.Status401Unauthorized);
        }

        var (token, expiresAt) = tokens.Create(request.Tenant, request.User);
        LogCreated(logger, request.Tenant, request.User);
        metrics.SignedIn("done");
        return TypedResults.Created((string?)null, new CreateSessionResponse(token, expiresAt));
    }

    [LoggerMessage(
        EventId = 1001,
        EventName = "security.login_succeeded",
        Level = LogLevel.Information,
        Message = "Session created for {UserId} of {TenantId}"
    )]
    private static partial void LogCreated(ILogger logger, string tenantId, string userId);

    // The input is not logged: it may be a password in the wrong field.
    [LoggerMessage(
        EventId = 1002,
        EventName = "security.login_failed",
        Level = LogLevel.Warning,
        Message = "Session refused: no such tenant and user"
    )]
    private static partial void LogRefused(ILogger logger);
}
