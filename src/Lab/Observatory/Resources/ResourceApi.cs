using Microsoft.AspNetCore.Http.HttpResults;
using Platform.Observatory.Resources.Wire;

namespace Platform.Observatory.Resources;

/// <summary>Resources for programs: /api/resources. Values of the environment and secrets are never in it.</summary>
internal static class ResourceApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/resources", (string? search, bool? hidden, ResourceBoard board) => TypedResults.Ok(List(board.State, search ?? "", hidden == true)));
        routes.MapGet("/api/resources/{name}", Get);
        routes.MapGet("/api/resources/{name}/console", ConsoleAsync);
    }

    private static object List(BoardState state, string search, bool withHidden)
    {
        var groups = ResourceGroup.Of(state, withHidden).Where(group => ResourceListBuilder.Matches(group, search)).ToList();
        return new
        {
            Connection = Connection(state.Connection),
            Resources = ResourceTree.Rows(groups).SelectMany(row => row.Group.Instances).Select(Summary),
            TotalCount = groups.Sum(group => group.Instances.Count),
            state.LeftOut,
        };
    }

    private static IResult Get(string name, ResourceBoard board)
    {
        var state = board.State;

        if (ResourceGroup.Find(state, name) is not { } found)
        {
            return Unknown();
        }

        var resource = found.Instance.Resource;
        return TypedResults.Ok(new
        {
            Connection = Connection(state.Connection),
            Resource = Summary(found.Instance),
            Instances = found.Group.Instances.Select(instance => instance.Resource.Name),
            HealthReports = resource.HealthReports.Select(report => new
            {
                report.Key,
                Status = report.HasStatus ? report.Status.ToString() : null,
                report.Description,
                report.Exception,
                LastRunAt = ResourceFacts.Time(report.LastRunAt),
            }),
            Environment = resource.Environment.Select(variable => new { variable.Name, IsSensitive = ViewParts.IsSensitive(variable.Name, variable.Value), variable.IsFromSpec }),
            Properties = resource.Properties.Select(Property),
            Relationships = resource.Relationships.Select(relationship => new { relationship.ResourceName, relationship.Type }),
            Volumes = resource.Volumes.Select(volume => new { volume.Source, volume.Target, volume.MountType, volume.IsReadOnly }),
            Commands = resource.Commands.Select(command => new
            {
                command.Name,
                command.DisplayName,
                Description = command.DisplayDescription,
                State = command.State.ToString(),
                command.ConfirmationMessage,
                Arguments = command.ArgumentInputs.Select(input => new { input.Name, input.Label, Type = input.InputType.ToString(), input.Required }),
            }),
        });
    }

    private static async Task<IResult> ConsoleAsync(HttpContext context, string name, string? search, int? limit, ResourceBoard board, ResourceService service)
    {
        if (limit is < 1 or > ConsoleTail.Longest)
        {
            return TypedResults.Problem($"limit must be 1 to {ConsoleTail.Longest}.", statusCode: StatusCodes.Status400BadRequest, title: "Bad query");
        }

        if (ResourceGroup.Find(board.State, name) is not { } found)
        {
            return Unknown();
        }

        var tail = await ConsoleTail.ReadAsync(service, found.Instance.Resource.Name, search ?? "", limit ?? ConsoleTail.Longest, context.RequestAborted);
        return TypedResults.Ok(new
        {
            Resource = found.Instance.Resource.Name,
            Lines = tail.Lines.Select(line => new { line.Number, line.Time, line.IsError, Text = line.Plain }),
            ReturnedCount = tail.Lines.Count,
            PrintedCount = tail.Printed,
            Problem = tail.Problem.Length > 0 ? tail.Problem : null,
        });
    }

    private static object Connection(ResourceConnection connection) =>
        new { State = connection.State.ToString(), connection.Since, Reason = connection.Reason.Length > 0 ? connection.Reason : null };

    private static object Summary(ResourceInstance instance)
    {
        var (resource, status) = instance;
        return new
        {
            resource.Name,
            instance.DisplayName,
            Type = resource.ResourceType,
            status.State,
            status.Health,
            status.IsTrouble,
            ExitCode = ResourceFacts.ExitCode(resource),
            Source = ResourceFacts.Source(resource),
            Parent = ResourceFacts.Parent(resource),
            CreatedAt = ResourceFacts.Time(resource.CreatedAt),
            StartedAt = ResourceFacts.Time(resource.StartedAt),
            StoppedAt = ResourceFacts.Time(resource.StoppedAt),
            resource.IsHidden,
            Endpoints = resource.Urls.Select(url => new { Name = url.EndpointName, Url = url.FullUrl, url.IsInternal, url.IsInactive }),
            Links = new { Self = "/api" + instance.Href, Console = $"/api{instance.Href}/console", Page = instance.Href },
        };
    }

    private static object Property(ResourceProperty property)
    {
        var value = ResourceFacts.Text(property.Value);
        var isSensitive = property.IsSensitive || ViewParts.IsSensitive(property.Name, value);
        return new { property.Name, Value = isSensitive ? null : value, IsSensitive = isSensitive };
    }

    private static ProblemHttpResult Unknown() =>
        TypedResults.Problem("There is no such resource: instances get a new name with each start of the AppHost.", statusCode: StatusCodes.Status404NotFound, title: "Unknown resource");
}
