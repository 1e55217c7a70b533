using Microsoft.AspNetCore.Mvc;
using Platform.Observatory.Pages;

namespace Platform.Observatory.Resources;

/// <summary>The pages about resources. What changes something is a form of our own.</summary>
internal static class ResourceEndpoints
{
    private const string NotOwn = "This form is not from a page of Observatory, or it is from before a restart. Load the page again and repeat it.";

    public static void AddResources(this IServiceCollection services) => services
        .AddSingleton<ResourceService>().AddSingleton<ResourceBoard>().AddHostedService<ResourceWatcher>()
        .AddSingleton<FormTokens>().AddSingleton<ResourceCommands>().AddSingleton<ConsoleStream>();

    public static void Map(IEndpointRouteBuilder routes)
    {
        ResourceApi.Map(routes);
        PrometheusTargets.Map(routes);
        routes.MapGet("/resources", Resources);
        routes.MapGet("/resources/{name}", Resource);
        routes.MapPost("/resources/{name}/values", ShowValuesAsync);
        routes.MapGet("/resources/{name}/command", Command);
        routes.MapPost("/resources/{name}/command", ExecuteAsync);
        routes.MapGet("/resources/{name}/console", ConsoleAsync);
        routes.MapGet("/resources/{name}/console/stream", StreamAsync);
        routes.MapGet("/resources/{name}/console/download", DownloadAsync);
    }

    private static IResult Resources(HttpContext context, string? search, string? view, bool? hidden, ResourceBoard board, FormTokens tokens, PageRenderer pages, TimeProvider time)
    {
        var state = board.State;
        return pages.Page<ResourcesPage>(null, new()
        {
            [nameof(ResourcesPage.List)] = ResourceListBuilder.Build(state, search ?? "", hidden == true, tokens.Issue(context), time.GetUtcNow()),
            [nameof(ResourcesPage.Graph)] = view == "graph" ? GraphViewBuilder.Build(ResourceGroup.Of(state, hidden == true)) : null,
        });
    }

    private static IResult Resource(HttpContext context, string name, string? outcome, ResourceBoard board, FormTokens tokens, ResourceCommands commands, PageRenderer pages, TimeProvider time) =>
        Page(board.State, name, tokens.Issue(context), null, commands.Find(outcome), pages, time);

    private static async Task<IResult> ShowValuesAsync(HttpContext context, string name, ResourceBoard board, FormTokens tokens, PageRenderer pages, TimeProvider time) =>
        await tokens.ReadAsync(context) is not { } form ? Message(pages, StatusCodes.Status400BadRequest, "Not shown", NotOwn)
        : Page(board.State, name, tokens.Issue(context), form["show"].ToString(), null, pages, time);

    private static IResult Command(HttpContext context, string name, [FromQuery(Name = "name")] string command, ResourceBoard board, FormTokens tokens, PageRenderer pages) =>
        ResourceGroup.Find(board.State, name) is not { } found ? Unknown(pages)
        : CommandForms.Find(found.Instance, command) is not { } known ? Message(pages, StatusCodes.Status404NotFound, "Not found", "This resource has no such command now.")
        : pages.Page<CommandPage>(null, new() { [nameof(CommandPage.Form)] = CommandForms.Build(found.Instance, known, null, [], "", tokens.Issue(context)) });

    private static async Task<IResult> ExecuteAsync(HttpContext context, string name, [FromQuery(Name = "name")] string command, ResourceBoard board, FormTokens tokens, ResourceCommands commands, PageRenderer pages)
    {
        if (await tokens.ReadAsync(context) is not { } form)
        {
            return Message(pages, StatusCodes.Status400BadRequest, "Not done", NotOwn);
        }

        if (ResourceGroup.Find(board.State, name) is not { } found)
        {
            return Unknown(pages);
        }

        if (CommandForms.Find(found.Instance, command) is not { } known)
        {
            return Message(pages, StatusCodes.Status404NotFound, "Not found", "This resource has no such command now.");
        }

        var (values, problems) = CommandArguments.Read(known, form);
        var (outcome, refused) = problems.Count > 0
            ? (null, "Some arguments cannot be sent.")
            : await commands.ExecuteAsync(found.Instance.Resource, known, values, context.RequestAborted);
        return outcome is not null
            ? TypedResults.LocalRedirect($"~{found.Instance.Href}?outcome={commands.Keep(outcome)}")
            : pages.Page<CommandPage>(StatusCodes.Status400BadRequest, new()
            {
                [nameof(CommandPage.Form)] = CommandForms.Build(found.Instance, known, form, problems, refused, tokens.Issue(context)),
            });
    }

    private static async Task<IResult> ConsoleAsync(HttpContext context, string name, string? search, ResourceBoard board, ResourceService service, PageRenderer pages)
    {
        if (ResourceGroup.Find(board.State, name) is not { } found)
        {
            return Unknown(pages);
        }

        var ((group, instance), text) = (found, search ?? "");
        var tail = await ConsoleTail.ReadAsync(service, instance.Resource.Name, text, ConsoleTail.Longest, context.RequestAborted);
        return pages.Page<ConsolePage>(null, new()
        {
            [nameof(ConsolePage.View)] = new ConsoleView(
                instance.Resource.Name, instance.DisplayName, ViewParts.Look(instance.DisplayName, instance.Resource.ResourceType), instance.Href,
                ViewParts.Instances(group, instance.Resource.Name), tail.Lines, tail.Printed, tail.LastNumber, text, tail.Problem),
        });
    }

    private static async Task<IResult> StreamAsync(HttpContext context, string name, int? after, string? search, ResourceBoard board, ConsoleStream stream)
    {
        // A reader that comes back says what it saw last.
        var last = int.TryParse(context.Request.Headers["Last-Event-ID"], out var seen) ? seen : after ?? 0;
        return ResourceGroup.Find(board.State, name) is { } found ? await stream.WriteAsync(context, found.Instance.Resource.Name, last, search ?? "") : TypedResults.NotFound();
    }

    private static async Task<IResult> DownloadAsync(HttpContext context, string name, ResourceBoard board, ResourceService service, PageRenderer pages)
    {
        if (ResourceGroup.Find(board.State, name) is not { } found)
        {
            return Unknown(pages);
        }

        await ConsoleDownload.WriteAsync(context, service, found.Instance.Resource.Name);
        return TypedResults.Empty;
    }

    private static IResult Page(BoardState state, string name, string token, string? shown, OutcomeView? outcome, PageRenderer pages, TimeProvider time) =>
        ResourceGroup.Find(state, name) is not { } found ? Unknown(pages) : pages.Page<ResourcePage>(null, new()
        {
            [nameof(ResourcePage.View)] = new ResourceViewBuilder(state, found.Group, found.Instance, time.GetUtcNow()).Build(token, shown, outcome),
        });

    private static IResult Unknown(PageRenderer pages) =>
        Message(pages, StatusCodes.Status404NotFound, "Not found", "There is no such resource: instances get a new name with each start of the AppHost.");

    private static IResult Message(PageRenderer pages, int status, string heading, string text) =>
        pages.Page<MessagePage>(status, new() { [nameof(MessagePage.Heading)] = heading, [nameof(MessagePage.Text)] = text });
}
