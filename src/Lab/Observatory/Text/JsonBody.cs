using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Platform.Observatory.Text;

/// <summary>Reads the small JSON objects of POST requests.</summary>
internal static class JsonBody
{
    private const int MaxBytes = 64 << 10;

    /// <summary>Null when the body is not a small JSON object of type application/json.</summary>
    public static Task<JsonElement?> ReadAsync(HttpContext context) => ReadAsync(context, MaxBytes);

    /// <summary>The same of at most so many bytes.</summary>
    public static async Task<JsonElement?> ReadAsync(HttpContext context, int maxBytes)
    {
        if (!context.Request.HasJsonContentType() || context.Request.ContentLength > maxBytes)
        {
            return null;
        }

        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = maxBytes;

        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception exception) when (exception is JsonException or BadHttpRequestException)
        {
            // The caller responds with Bad().
            return null;
        }
    }

    public static ProblemHttpResult Bad() =>
        TypedResults.Problem(
            $"The body must be a JSON object of at most {MaxBytes} bytes and of type application/json.",
            statusCode: StatusCodes.Status400BadRequest,
            title: "Bad body"
        );
}
