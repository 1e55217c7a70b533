using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Platform.Observatory.Access;

namespace Platform.Observatory.Pages;

/// <summary>
/// Renders a Razor component to a whole page, without the Blazor endpoints: those bring antiforgery, a key ring on disk and a
/// script, none of which these pages use.
/// </summary>
internal sealed class PageRenderer(IServiceProvider services, PageFrames frames, ILoggerFactory loggerFactory)
{
    public IResult Login(bool wrongToken, string? returnUrl) =>
        Page<LoginPage>(
            wrongToken ? StatusCodes.Status401Unauthorized : null,
            new() { [nameof(LoginPage.WrongToken)] = wrongToken, [nameof(LoginPage.ReturnUrl)] = LocalAddress.Or(returnUrl) }
        );

    public IResult Page<TComponent>(int? status, Dictionary<string, object?> parameters)
        where TComponent : IComponent =>
        new PageResult(async context =>
        {
            var html = await RenderAsync<CascadingValue<PageFrame>>(
                new()
                {
                    [nameof(CascadingValue<>.Value)] = frames.Of(context),
                    [nameof(CascadingValue<>.IsFixed)] = true,
                    [nameof(CascadingValue<>.ChildContent)] = (RenderFragment)(
                        builder =>
                        {
                            builder.OpenComponent<TComponent>(0);
                            builder.AddMultipleAttributes(1, parameters!);
                            builder.CloseComponent();
                        }
                    ),
                }
            );
            context.Response.StatusCode = status ?? context.Response.StatusCode;
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync(html, context.RequestAborted);
        });

    /// <summary>A part of a page, for a stream.</summary>
    public Task<string> FragmentAsync<TComponent>(Dictionary<string, object?> parameters)
        where TComponent : IComponent => RenderAsync<TComponent>(parameters);

    private async Task<string> RenderAsync<TComponent>(Dictionary<string, object?> parameters)
        where TComponent : IComponent
    {
        await using var renderer = new HtmlRenderer(services, loggerFactory);
        return await renderer.Dispatcher.InvokeAsync(async () =>
            (await renderer.RenderComponentAsync<TComponent>(ParameterView.FromDictionary(parameters))).ToHtmlString()
        );
    }

    private sealed class PageResult(Func<HttpContext, Task> write) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => write(httpContext);
    }
}
