using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Platform.Observatory.History;
using Platform.Observatory.Issues;
using Platform.Observatory.Releases;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Deploys;

/// <summary>The deploy API: /api/deploys.</summary>
internal static class DeployApi
{
    private const int MaxNameLength = 128;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/deploys", List);
        routes.MapPost("/api/deploys", AnnounceAsync);
    }

    public static Announcement? Read(JsonElement body) =>
        JsonRead.Text(body, "service") is { Length: <= MaxNameLength } service
        && JsonRead.Text(body, "release") is { Length: <= MaxNameLength } release
            ? new Announcement(
                service,
                release,
                JsonRead.Text(body, "environment") is { Length: <= MaxNameLength } environment ? environment : null,
                [
                    .. JsonRead
                        .Items(body, "instances")
                        .Select(item => JsonRead.Text(item))
                        .OfType<string>()
                        .Where(name => name.Length <= MaxNameLength),
                ]
            )
            : null;

    private static Ok<object> List(
        string? service,
        string? release,
        DeployStore deploys,
        TelemetryStore telemetry,
        IssueStore issues,
        TimeProvider time
    )
    {
        var effects = new DeployEffects(telemetry, issues, deploys, time.GetUtcNow());
        var shown = deploys
            .All()
            .Where(deploy =>
                (string.IsNullOrEmpty(service) || deploy.Service == service) && (string.IsNullOrEmpty(release) || deploy.Release == release)
            )
            .Reverse()
            .Select(deploy => new
            {
                deploy.Id,
                deploy.Time,
                deploy.Service,
                deploy.Release,
                deploy.PreviousRelease,
                deploy.Environment,
                deploy.Instances,
                deploy.Source,
                Effect = effects.Of(deploy),
                NewIssues = effects
                    .NewIssuesOf(deploy)
                    .Take(10)
                    .Select(issue => new
                    {
                        issue.Id,
                        issue.Title,
                        issue.Links,
                    }),
                Links = DeployLinks.Of(deploy),
            })
            .ToList();
        return TypedResults.Ok<object>(new { Deploys = shown, TotalCount = shown.Count });
    }

    private static async Task<IResult> AnnounceAsync(
        HttpContext context,
        DeployStore deploys,
        IssueStore issues,
        HistoryLog history,
        TimeProvider time
    )
    {
        if (await JsonBody.ReadAsync(context) is not { } body)
        {
            return JsonBody.Bad();
        }

        if (Read(body) is not { } announced)
        {
            return TypedResults.Problem(
                $"service and release are needed, of at most {MaxNameLength} characters.",
                statusCode: StatusCodes.Status400BadRequest,
                title: "Bad deploy"
            );
        }

        var now = time.GetUtcNow();
        var deploy = deploys.Announce(announced, now);
        issues.ObserveRelease(deploy.Release, now);
        history.Offer(RecordKind.Deploy, now, JsonSerializer.SerializeToUtf8Bytes(announced, JsonSerializerOptions.Web));
        return TypedResults.Created(DeployLinks.Of(deploy).Page, deploy);
    }
}
