using Microsoft.AspNetCore.Mvc;
using Platform.Observatory.Access;

namespace Platform.Observatory.Issues;

/// <summary>The buttons of the page of an issue.</summary>
internal static class IssueForm
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/issues/{id}/status", SetStatus).WithSmallForm();

    // The page says so when the issue is gone.
    private static IResult SetStatus(string id, [FromForm] string? status, IssueChanges changes)
    {
        if (IssueStatuses.Parse(status) is not { } known || !IssueStatuses.Settable.Contains(known))
        {
            return TypedResults.Problem(
                "There is no such status to set.",
                statusCode: StatusCodes.Status400BadRequest,
                title: "Bad status"
            );
        }

        changes.SetStatus(id, known);
        return TypedResults.LocalRedirect($"~/issues/{Uri.EscapeDataString(id)}");
    }
}
