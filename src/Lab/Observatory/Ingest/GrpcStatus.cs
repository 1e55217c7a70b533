namespace Platform.Observatory.Ingest;

/// <summary>The codes of gRPC that are in use here; google.rpc.Status has the same numbers.</summary>
internal enum GrpcStatusCode
{
    Ok = 0,
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Unavailable = 14,
    Unauthenticated = 16,
}

internal static class GrpcStatus
{
    public static GrpcStatusCode Of(Refusal refusal) => refusal switch
    {
        Refusal.Malformed => GrpcStatusCode.InvalidArgument,
        Refusal.TooLarge => GrpcStatusCode.ResourceExhausted,
        Refusal.Overloaded => GrpcStatusCode.Unavailable,
        Refusal.Unauthenticated => GrpcStatusCode.Unauthenticated,
        _ => GrpcStatusCode.Unimplemented,
    };
}
