using System.Text.Json;
using Microsoft.Extensions.Options;
using Platform.OutsideCompany;

namespace Platform.Llm;

internal static class CreateChatCompletion
{
    public static void MapCreateChatCompletion(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/chat/completions", HandleAsync);

    private static async Task<IResult> HandleAsync(
        HttpContext context,
        BehaviourSwitch behaviour,
        UnansweredRequest unanswered,
        IOptions<LlmOptions> options,
        TimeProvider time
    )
    {
        ChatCompletionRequest? request;
        try
        {
            request = await JsonSerializer.DeserializeAsync<ChatCompletionRequest>(
                context.Request.Body,
                ChatCompletion.Json,
                context.RequestAborted
            );
        }
        catch (JsonException exception)
        {
            // 400 with the JSON path only: the reader's message may quote the prompt.
            return ChatError.Invalid(exception.Path, "The body is not the JSON that was expected.");
        }

        if (request is null)
        {
            return ChatError.Invalid(null, "The body must be a JSON object.");
        }

        if (request.Error() is { } error)
        {
            return ChatError.Invalid(error.Param, error.Message);
        }

        if (!options.Value.Models.Contains(request.Model!, StringComparer.Ordinal))
        {
            return ChatError.UnknownModel(request.Model!);
        }

        if (BehaviourSwitch.Happens(behaviour.Current.TimeoutRate))
        {
            await unanswered.HoldAsync(context);
            return TypedResults.Empty;
        }

        var answer = Answer.To(request, time.GetUtcNow());
        return request.Stream == true
            ? TypedResults.ServerSentEvents(answer.Chunks(request.StreamOptions?.IncludeUsage == true).ToAsyncEnumerable())
            : TypedResults.Json(answer.Whole(), ChatCompletion.Json);
    }
}
