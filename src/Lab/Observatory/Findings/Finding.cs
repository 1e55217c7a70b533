using Platform.Observatory.Text;

namespace Platform.Observatory.Findings;

/// <summary>What is usual of an operation.</summary>
/// <param name="Operation">Its name; several may lead to one company that is called.</param>
/// <param name="Value">The share of errors of one that fails, else the p95 in milliseconds.</param>
public sealed record Usual(string Operation, double Value);

/// <summary>What fails or is slow now, and who is affected; formatted for a page.</summary>
/// <param name="Service">Whose requests or calls they are.</param>
/// <param name="Subject">The operation, or who is called.</param>
/// <param name="IsFailing">Else it is slow.</param>
/// <param name="IsCall">Of another service or company; else it is a request to this one.</param>
/// <param name="IsBackground">Nobody waits for it: messages, and calls from them.</param>
/// <param name="IsGrave">So much that somebody should look now.</param>
/// <param name="Usual">What it deviates from; null without a baseline.</param>
/// <param name="What">One sentence with the value and the usual one.</param>
/// <param name="Who">12 users in 3 of 8 tenants; empty when the spans name nobody.</param>
/// <param name="Since">When it began; none when it is older than the window.</param>
/// <param name="StartedAt">The same as a time; null when it is not known.</param>
/// <param name="After">The deploy that it follows; empty when there is none.</param>
/// <param name="AfterHref">Its page.</param>
/// <param name="Traces">The page of its traces.</param>
/// <param name="Example">The page of the latest one.</param>
public sealed record Finding(
    string Service,
    string Subject,
    bool IsFailing,
    bool IsCall,
    bool IsBackground,
    bool IsGrave,
    Usual? Usual,
    string What,
    string Who,
    Moment Since,
    DateTimeOffset? StartedAt,
    string After,
    string AfterHref,
    string Traces,
    string Example
);
