namespace Platform.Observatory.Forward;

/// <summary>
/// One request to a destination. The parts are messages of one type; protobuf defines their concatenation as one merged message, so nothing
/// is copied to combine them.
/// </summary>
internal sealed record SendRequest(IReadOnlyList<ReadOnlyMemory<byte>> Parts, int Items, string Hops)
{
    public int Bytes { get; } = Parts.Sum(part => part.Length);
}

internal enum SendOutcome
{
    /// <summary>Accepted, except for rejected items.</summary>
    Sent,

    /// <summary>Worth a retry.</summary>
    Retry,

    /// <summary>Will never be accepted.</summary>
    Refused,
}

/// <summary>RetryAfter is the pause that the destination asked for; an accepted request can have one too.</summary>
internal readonly record struct SendResult(SendOutcome Outcome, string? Message = null, long Rejected = 0, TimeSpan? RetryAfter = null);

/// <summary>Sends requests over one protocol. Any response is a result; only cancellation throws.</summary>
internal interface ISender : IDisposable
{
    Task<SendResult> SendAsync(SendRequest request, CancellationToken cancellationToken);
}
