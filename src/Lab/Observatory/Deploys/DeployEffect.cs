namespace Platform.Observatory.Deploys;

/// <summary>What a service did in equal windows before and after a deploy, and whether that tells anything.</summary>
internal sealed record DeployEffect(string Verdict, string Reason, double WindowSeconds, ServiceSample Before, ServiceSample After);

/// <summary>Share and p95 are null when there was no request.</summary>
internal sealed record ServiceSample(int Requests, int Errors, double? ErrorShare, double? P95Milliseconds, int NewIssues);
