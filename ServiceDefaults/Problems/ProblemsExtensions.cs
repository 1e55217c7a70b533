using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Platform.ServiceDefaults.Problems;

/// <summary>Every refusal is problem+json: what is wrong and with which field, never a host, a path or an exception's text.</summary>
internal static class ProblemsExtensions
{
    public static void AddProblems(this WebApplicationBuilder builder)
    {
        builder.Services.AddProblemDetails(options =>
            options.CustomizeProblemDetails = context => NameFieldsAsSent(context.ProblemDetails)
        );
        builder.Services.AddExceptionHandler<BadRequestHandler>();
        builder.Services.AddExceptionHandler<ClientGoneHandler>();
        builder.Services.AddExceptionHandler<DependencyUnavailableHandler>();

        // So that BadRequestHandler can say which field was wrong, instead of an empty 400.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }

    /// <summary>Inside the developer exception page, which would answer with the exception, its stack and the caller's token.</summary>
    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
    }

    /// <summary>"Lines[0].Quantity", as validation calls it, is "lines[0].quantity" in the body that was sent.</summary>
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
            // A header's name stays as it is.
            var name = field.Contains('-', StringComparison.Ordinal)
                ? field
                : string.Join('.', field.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));
            validation.Errors[name] = messages;
        }
    }
}
