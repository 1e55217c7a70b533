using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Platform.OutsideCompany;

namespace Platform.Acquirer;

/// <summary>A company that takes card payments. Shares nothing with its customers.</summary>
internal static class AcquirerApp
{
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = ChargeRequest.MaxBytes);
        builder
            .Services.AddOptions<AcquirerOptions>()
            .BindConfiguration(AcquirerOptions.SectionName)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.ConfigureHttpJsonOptions(json => ConfigureJson(json.SerializerOptions));

        builder.Services.AddOutsideCompany(Profile);
        builder.Services.AddSingleton<Ledger>();
        builder.Services.AddSingleton<WebhookQueue>();
        builder.Services.AddHostedService<WebhookSender>();
        configure(builder);

        var app = builder.Build();
        app.UseOutsideCompany();
        app.MapCreateCharge();
        app.MapGetCharge();
        app.MapVoidCharge();
        app.MapLedgerAdmin();

        // Replayed before the first request is accepted; a ledger that cannot be read stops the start.
        app.Services.GetRequiredService<Ledger>();
        return app;
    }

    public static void ConfigureJson(JsonSerializerOptions json) =>
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));

    private static CompanyProfile Profile(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<AcquirerOptions>>().Value;
        return new CompanyProfile
        {
            ApiKey = options.ApiKey,
            AdminKey = options.AdminKey,
            MaxBodyBytes = ChargeRequest.MaxBytes,
            TakesPayments = true,
            WriteErrorAsync = (context, status, message) => TypedResults.Problem(message, statusCode: status).ExecuteAsync(context),
        };
    }
}
