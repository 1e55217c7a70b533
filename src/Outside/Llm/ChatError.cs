using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Platform.Llm;

/// <summary>{"error":{"message":"...","type":"invalid_request_error","param":"model","code":"model_not_found"}}, nulls written.</summary>
internal sealed record ChatError(ChatErrorDetail Error)
{
    public static IResult Of(int status, string message) =>
        status switch
        {
            StatusCodes.Status401Unauthorized => Result(status, message, "invalid_request_error", null, "invalid_api_key"),
            StatusCodes.Status429TooManyRequests => Result(status, message, "requests", null, "rate_limit_exceeded"),
            >= 500 => Result(status, message, "server_error", null, null),
            _ => Result(status, message, "invalid_request_error", null, null),
        };

    public static IResult Invalid(string? param, string message) =>
        Result(StatusCodes.Status400BadRequest, message, "invalid_request_error", param, null);

    public static IResult UnknownModel(string model) =>
        Result(StatusCodes.Status404NotFound, $"The model `{model}` does not exist.", "invalid_request_error", "model", "model_not_found");

    private static JsonHttpResult<ChatError> Result(int status, string message, string type, string? param, string? code) =>
        TypedResults.Json(new ChatError(new ChatErrorDetail(message, type, param, code)), JsonSerializerOptions.Web, statusCode: status);
}

internal sealed record ChatErrorDetail(string Message, string Type, string? Param, string? Code);
