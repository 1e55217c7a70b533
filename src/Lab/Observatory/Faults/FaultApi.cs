using System.Text.Json;
using Platform.Observatory.Text;

namespace Platform.Observatory.Faults;

/// <summary>The API of faults that a person injected: /api/faults.</summary>
internal static class FaultApi
{
    private const int MaxTextLength = 128;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/faults", (FaultStore faults) => TypedResults.Ok(new { Faults = faults.All }));
        routes.MapPut("/api/faults", ReplaceAsync);
    }

    private static async Task<IResult> ReplaceAsync(HttpContext context, FaultStore faults)
    {
        if (await JsonBody.ReadAsync(context) is not { } body)
        {
            return JsonBody.Bad();
        }

        var read = JsonRead.Items(body, "faults").Take(FaultStore.Capacity + 1).Select(Read).ToList();
        if (read.Count > FaultStore.Capacity || read.Contains(null))
        {
            return TypedResults.Problem(
                $"faults must be at most {FaultStore.Capacity}, each with id, resource, title, startedAt and endsAt, "
                    + $"of at most {MaxTextLength} characters.",
                statusCode: StatusCodes.Status400BadRequest,
                title: "Bad faults"
            );
        }

        faults.Replace(read.OfType<KnownFault>());
        return TypedResults.NoContent();
    }

    private static KnownFault? Read(JsonElement item) =>
        Text(item, "id") is { } id
        && Text(item, "resource") is { } resource
        && Text(item, "title") is { } title
        && JsonRead.Time(item, "startedAt") is { } startedAt
        && JsonRead.Time(item, "endsAt") is { } endsAt
            ? new KnownFault(
                id,
                resource,
                title,
                Text(item, "scope") ?? "",
                JsonRead.Number(item, "strength"),
                startedAt,
                endsAt,
                JsonRead.Time(item, "endedAt")
            )
            : null;

    private static string? Text(JsonElement item, string name) =>
        JsonRead.Text(item, name) is { Length: <= MaxTextLength } text ? text : null;
}
