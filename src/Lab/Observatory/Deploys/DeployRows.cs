using Platform.Observatory.Issues;
using Platform.Observatory.Releases;
using Platform.Observatory.Requests;
using Platform.Observatory.Store;
using Platform.Observatory.Text;

namespace Platform.Observatory.Deploys;

internal static class DeployRows
{
    private const int MaxRows = 100;
    private const int MaxIssues = 5;

    public static IReadOnlyList<DeployRow> Build(
        TelemetryStore telemetry,
        IssueStore issues,
        DeployStore deploys,
        DateTimeOffset now,
        int limit = MaxRows
    )
    {
        var effects = new DeployEffects(telemetry, issues, deploys, now);
        return [.. deploys.All().Reverse().Take(limit).Select(deploy => Row(deploy, effects, now))];
    }

    private static DeployRow Row(Deploy deploy, DeployEffects effects, DateTimeOffset now)
    {
        var effect = effects.Of(deploy);
        return new DeployRow(
            deploy.Id,
            Format.Moment(deploy.Time, now),
            ServiceName.Of(deploy.Service),
            deploy.Release,
            deploy.PreviousRelease ?? "",
            string.Join(", ", deploy.Instances),
            deploy.Source,
            Share(effect.Before),
            Share(effect.After),
            Latency(effect.Before),
            Latency(effect.After),
            [.. effects.NewIssuesOf(deploy).Take(MaxIssues).Select(issue => new PageLink(issue.Type, issue.Links.Page))],
            effect.Verdict,
            effect.Verdict switch
            {
                Verdict.Worse => "bad",
                Verdict.Better => "ok",
                _ => "",
            },
            effect.Reason
        );
    }

    private static string Share(ServiceSample sample) => sample.ErrorShare is { } share ? Format.Percent(share) : "";

    private static string Latency(ServiceSample sample) =>
        sample.P95Milliseconds is { } milliseconds ? Format.Duration(milliseconds * 1e6) : "";
}

/// <summary>A row of the deploy list; formatted values only.</summary>
public sealed record DeployRow(
    string Id,
    Moment Time,
    ServiceName Service,
    string Release,
    string Previous,
    string Instances,
    string Source,
    string ErrorsBefore,
    string ErrorsAfter,
    string P95Before,
    string P95After,
    IReadOnlyList<PageLink> NewIssues,
    string Verdict,
    string VerdictClass,
    string Reason
);
