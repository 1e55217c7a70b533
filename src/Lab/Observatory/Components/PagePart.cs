using Microsoft.AspNetCore.Components;

namespace Platform.Observatory.Components;

/// <summary>A part of a page that links to other states of the page; all state is in the URL.</summary>
public abstract class PagePart : ComponentBase
{
    [CascadingParameter]
    public required HttpContext Context { get; set; }

    /// <summary>Path and query of the page.</summary>
    protected string Address => Context.Request.Path + Context.Request.QueryString;
}

/// <summary>A page. Initialization sets either its view or <see cref="Problem"/>.</summary>
public abstract class Page : PagePart
{
    [Inject]
    public required TimeProvider Time { get; set; }

    /// <summary>Null when the page has something to show.</summary>
    protected Problem? Problem { get; private set; }

    /// <summary>Answers 400 with a sentence that says what is wrong with the query.</summary>
    protected void RejectQuery(string text) => Reject(StatusCodes.Status400BadRequest, new Problem("This cannot be read", text));

    /// <summary>Answers 404 with a sentence that says why there is nothing.</summary>
    protected void RejectUnknown(string text) => Reject(StatusCodes.Status404NotFound, new Problem("Not found", text));

    private void Reject(int status, Problem problem)
    {
        Context.Response.StatusCode = status;
        Problem = problem;
    }
}

public sealed record Problem(string Heading, string Text);
