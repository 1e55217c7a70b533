using System.Text.RegularExpressions;
using Markdig;
using Microsoft.Extensions.Options;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Runbooks;

/// <summary>The folder of runbooks, one Markdown file for each alert.</summary>
internal sealed partial class RunbookFolder(IOptions<ObservatoryOptions> options)
{
    private const int MaxBytes = 64 << 10;

    // What is written in a runbook is text and links, no HTML.
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().DisableHtml().Build();

    /// <summary>Null when there is none of this name; the heading with the name is left out.</summary>
    public string? Html(string? name)
    {
        if (options.Value.RunbookDirectory is not { Length: > 0 } folder || name is null || !Name().IsMatch(name))
        {
            return null;
        }

        var file = new FileInfo(Path.Combine(folder, $"{name}.md"));
        if (!file.Exists || file.Length > MaxBytes)
        {
            return null;
        }

        var text = File.ReadAllText(file.FullName);
        return Markdown.ToHtml(text.StartsWith("# ", StringComparison.Ordinal) ? text[(text.IndexOf('\n') + 1)..] : text, Pipeline);
    }

    [GeneratedRegex("^[A-Za-z]{1,64}$")]
    private static partial Regex Name();
}
