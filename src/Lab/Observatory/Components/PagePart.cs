using Microsoft.AspNetCore.Components;

namespace Platform.Observatory.Components;

/// <summary>A part of a page that leads to other states of the same page: every state is in the address.</summary>
public abstract class PagePart : ComponentBase
{
    [CascadingParameter]
    public required HttpContext Context { get; set; }

    /// <summary>Path and query of the page.</summary>
    protected string Address => Context.Request.Path + Context.Request.QueryString;
}

/// <summary>A page. What it shows is set when it is initialised; when it is not, <see cref="Problem"/> says why.</summary>
public abstract class Page : PagePart
{
    [Inject]
    public required TimeProvider Time { get; set; }

    /// <summary>Null when the page has something to show.</summary>
    protected Problem? Problem { get; private set; }

    /// <summary>Answers 400 with a sentence that says what in the address is wrong.</summary>
    protected void RefuseQuery(string text) => Refuse(StatusCodes.Status400BadRequest, new Problem("This cannot be read", text));

    /// <summary>Answers 404 with a sentence that says why there is nothing.</summary>
    protected void RefuseUnknown(string text) => Refuse(StatusCodes.Status404NotFound, new Problem("Not found", text));

    private void Refuse(int status, Problem problem)
    {
        Context.Response.StatusCode = status;
        Problem = problem;
    }
}

public sealed record Problem(string Heading, string Text);
