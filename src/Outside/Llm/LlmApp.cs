using Microsoft.Extensions.Options;
using Platform.OutsideCompany;

namespace Platform.Llm;

/// <summary>A company that serves chat completions in the common wire format. Shares nothing with its customers.</summary>
internal static class LlmApp
{
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = ChatCompletionRequest.MaxBytes);
        builder.Services.AddOptions<LlmOptions>().BindConfiguration(LlmOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOutsideCompany(Profile);
        configure(builder);

        var app = builder.Build();
        app.UseOutsideCompany();
        app.MapCreateChatCompletion();
        app.MapListModels();
        return app;
    }

    private static CompanyProfile Profile(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<LlmOptions>>().Value;
        return new CompanyProfile
        {
            ApiKey = options.ApiKey,
            AdminKey = options.AdminKey,
            MaxBodyBytes = ChatCompletionRequest.MaxBytes,
            TakesPayments = false,
            WriteErrorAsync = (context, status, message) => ChatError.Of(status, message).ExecuteAsync(context),
        };
    }
}
