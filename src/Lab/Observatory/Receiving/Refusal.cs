namespace Platform.Observatory.Receiving;

/// <summary>Why a request as a whole is turned away. HTTP and gRPC each have a word for it.</summary>
internal enum Refusal
{
    Malformed,
    TooLarge,
    Overloaded,
    Unauthenticated,
    Forbidden,
    RateLimited,
    UnsupportedType,
    UnsupportedEncoding,
    NotFound,
    MethodNotAllowed,
    Looped,
}

internal sealed class RefusedException(Refusal refusal, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public Refusal Refusal { get; } = refusal;

    /// <summary>When it is worth to come back, where that is known.</summary>
    public int? RetrySeconds { get; init; }
}
