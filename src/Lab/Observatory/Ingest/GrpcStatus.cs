using Grpc.Core;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Ingest;

/// <summary>Maps a refusal to its gRPC status code; google.rpc.Status has the same numbers.</summary>
internal static class GrpcStatus
{
    public static StatusCode Of(Refusal refusal) =>
        refusal switch
        {
            Refusal.Malformed => StatusCode.InvalidArgument,
            Refusal.TooLarge => StatusCode.ResourceExhausted,
            Refusal.Overloaded => StatusCode.Unavailable,
            Refusal.Unauthenticated => StatusCode.Unauthenticated,
            _ => StatusCode.Unimplemented,
        };

    public static RpcException ToRpc(this RefusedException refused) => new(new Status(Of(refused.Refusal), refused.Message, refused));
}
