using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Platform.Llm;

internal static class ListModels
{
    public static void MapListModels(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/models", Handle);

    private static JsonHttpResult<ModelList> Handle(IOptions<LlmOptions> options) =>
        TypedResults.Json(
            new ModelList("list", [.. options.Value.Models.Select(model => new Model(model, "model", 0, "llm"))]),
            ChatCompletion.Json
        );
}

internal sealed record ModelList(string Object, IReadOnlyList<Model> Data);

internal sealed record Model(string Id, string Object, long Created, string OwnedBy);
