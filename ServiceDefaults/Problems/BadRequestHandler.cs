using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Platform.ServiceDefaults.Problems;

/// <summary>Input that could not be read: 400 (or 413, 415) with the JSON path of the field. The value itself is not repeated.</summary>
internal sealed class BadRequestHandler(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException badRequest)
        {
            return false;
        }

        var details = new HttpValidationProblemDetails
        {
            Status = badRequest.StatusCode,
            Title = badRequest.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => "The request body is too large.",
                StatusCodes.Status415UnsupportedMediaType => "The request body must be JSON (Content-Type: application/json).",
                _ => "The request could not be read.",
            },
        };
        if (badRequest.InnerException is JsonException json)
        {
            details.Errors[FieldOf(json)] = ["The value is missing, malformed or out of range."];
        }
        else if (badRequest.StatusCode == StatusCodes.Status400BadRequest)
        {
            details.Errors[ParameterOf(badRequest, httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint)] =
            [
                "The value is missing or malformed.",
            ];
        }

        httpContext.Response.StatusCode = badRequest.StatusCode;
        return await problems.TryWriteAsync(
            new ProblemDetailsContext
            {
                HttpContext = httpContext,
                Exception = exception,
                ProblemDetails = details,
            }
        );
    }

    // "$.lines[0].quantity" becomes "lines[0].quantity"; a document that is no JSON at all has no path.
    private static string FieldOf(JsonException exception) => exception.Path is { Length: > 2 } path ? path[2..] : "body";

    // Minimal APIs name the parameter only in the message:
    // 'Required parameter "Guid idempotencyKey" was not provided from header.' or
    // 'Failed to bind parameter "Guid idempotencyKey" from "...".'
    private static string ParameterOf(BadHttpRequestException exception, Endpoint? endpoint)
    {
        var words = exception.Message.Split('"');
        var name = words.Length > 1 ? words[1].Split(' ')[^1] : null;
        var parameter = endpoint?.Metadata.GetMetadata<MethodInfo>()?.GetParameters().FirstOrDefault(candidate => candidate.Name == name);
        return parameter switch
        {
            null => "body",
            _ when parameter.GetCustomAttribute<FromHeaderAttribute>()?.Name is { } header => header,
            { ParameterType.IsValueType: true } => parameter.Name!,
            _ => "body",
        };
    }
}
