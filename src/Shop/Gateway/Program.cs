using Microsoft.Extensions.DependencyInjection.Extensions;
using Platform.Gateway;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Identity;
using Platform.Infrastructure.Switches;

var builder = WebApplication.CreateBuilder(args);

builder.AddEdge();
builder.AddServiceDefaults();
builder.AddSwitches();
builder.AddIdentity();
builder.AddSessionTokens();
builder.AddCache("redis");
builder.AddShopRoutes();

builder.Services.AddOptions<RateLimitOptions>().BindConfiguration(RateLimitOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
builder.Services.TryAddSingleton(TimeProvider.System);
builder.Services.AddSingleton<RateLimit>();
builder.Services.AddSingleton<SignInMetrics>();
builder.Services.AddValidation();

var app = builder.Build();

app.MapDefaultEndpoints();
app.UseAuthentication();
app.UseCallerIdentity();
app.UseRateLimit();
app.UseAuthorization();
app.UseUpstreamReport();

app.MapCreateSession();
app.MapReverseProxy();

app.Run();
