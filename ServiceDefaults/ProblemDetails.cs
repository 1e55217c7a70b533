using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;

namespace Platform.ServiceDefaults;

/// <summary>Every error response is problem+json: what is wrong with which field, never a host, path or exception text.</summary>
internal static class DefaultProblemDetails
{
    public static void AddDefaultProblemDetails(this IHostApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails(options =>
            options.CustomizeProblemDetails = context => NameFieldsAsSent(context.ProblemDetails)
        );
        builder.Services.AddExceptionHandler<BadRequestHandler>();
        builder.Services.AddExceptionHandler<ClientGoneHandler>();

        // Lets BadRequestHandler name the field instead of an empty 400.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }

    /// <summary>Runs inside the developer exception page, which would show the exception, its stack and the caller's token.</summary>
    public static void UseDefaultProblemDetails(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }

    /// <summary>"Lines[0].Quantity" from validation becomes "lines[0].quantity" as in the request body.</summary>
    private static void NameFieldsAsSent(ProblemDetails problem)
    {
        if (problem is not HttpValidationProblemDetails validation)
        {
            return;
        }

        var errors = validation.Errors.ToList();
        validation.Errors.Clear();
        foreach (var (field, messages) in errors)
        {
            // Header names stay unchanged.
            var name = field.Contains('-', StringComparison.Ordinal)
                ? field
                : string.Join('.', field.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));
            validation.Errors[name] = messages;
        }
    }
}

/// <summary>Unreadable input: 400 (or 413, 415) with the JSON path of the field. The value is not repeated.</summary>
internal sealed class BadRequestHandler(IProblemDetailsService problems) : IExceptionHandler
{
    private static readonly MethodInfo ParseMethod = new Func<string, bool>(CanParse<int>).Method.GetGenericMethodDefinition();

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
            details.Errors[FirstUnreadable(httpContext.Request, httpContext.Features.Get<IExceptionHandlerFeature>())] =
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

    // "$.lines[0].quantity" becomes "lines[0].quantity"; a document that is not JSON has no path.
    private static string FieldOf(JsonException exception) => exception.Path is { Length: > 2 } path ? path[2..] : "body";

    // Minimal APIs name the parameter in the English message only. They bind in signature order and stop at the first parameter that is
    // missing or does not parse, so find that one. A missing body fails in its turn.
    private static string FirstUnreadable(HttpRequest request, IExceptionHandlerFeature? failed)
    {
        var metadata = failed?.Endpoint?.Metadata;
        foreach (var parameter in metadata?.GetOrderedMetadata<IParameterBindingMetadata>() ?? [])
        {
            var type = parameter.ParameterInfo.ParameterType;
            var header = parameter.ParameterInfo.GetCustomAttribute<FromHeaderAttribute>()?.Name;
            if (header is null && !parameter.HasTryParse)
            {
                if (type == metadata?.GetMetadata<IAcceptsMetadata>()?.RequestType && !CanHaveBody(request))
                {
                    break;
                }

                continue;
            }

            var name = header ?? parameter.Name;
            if (!CanBind(parameter, header is null ? RouteOrQuery(request, failed?.RouteValues, name) : request.Headers[name]))
            {
                return name;
            }
        }

        return "body";
    }

    private static bool CanHaveBody(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false;

    private static StringValues RouteOrQuery(HttpRequest request, RouteValueDictionary? route, string name) =>
        route?[name] is string segment ? segment : request.Query[name];

    private static bool CanBind(IParameterBindingMetadata parameter, StringValues sent) =>
        sent.Count == 0 ? parameter.IsOptional : CanParse(parameter.ParameterInfo.ParameterType, sent.ToString());

    private static bool CanParse(Type parameterType, string text)
    {
        var type = Nullable.GetUnderlyingType(parameterType) ?? parameterType;
        return Array.TrueForAll(type.GetInterfaces(), IsNotParsable) || (bool)ParseMethod.MakeGenericMethod(type).Invoke(null, [text])!;
    }

    private static bool IsNotParsable(Type type) => !type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IParsable<>);

    private static bool CanParse<T>(string text)
        where T : IParsable<T> => T.TryParse(text, CultureInfo.InvariantCulture, out _);
}

/// <summary>The caller disconnected, which is not our error: 499, as in nginx.</summary>
internal sealed class ClientGoneHandler : IExceptionHandler
{
    public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var gone = exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested;
        if (gone)
        {
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }

        return ValueTask.FromResult(gone);
    }
}
