using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Platform.Observatory.Access;
using Platform.Observatory.Receiving;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Ingest;

/// <summary>Wraps each gRPC call: supplies its body, and counts rejections, whoever made them.</summary>
internal sealed partial class GrpcCalls(
    RequestDelegate next,
    AccessKeys keys,
    BodyBudget budget,
    RefusalLog refusals,
    IOptions<ObservatoryOptions> options,
    ILogger<GrpcCalls> logger
)
{
    // The prefix of a gRPC message: one byte of compression flag, four of length.
    private const int PrefixBytes = 5;

    // As written in the grpc-status header.
    private const string Unimplemented = "12";

    public static void Add(IServiceCollection services)
    {
        // Rejections are counted and failures logged here: the framework would log a stack trace for each sender that disconnects.
        services.AddLogging(logging => logging.AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.None));
        services
            .AddSingleton<OtlpGrpc>()
            .AddGrpc(grpc =>
            {
                // GrpcBody has enforced the limit by then.
                grpc.MaxReceiveMessageSize = null;
                grpc.CompressionProviders = [new GrpcBody.Gzip()];
            });
    }

    public static void Use(IApplicationBuilder app)
    {
        app.UseRouting();
        app.UseMiddleware<GrpcCalls>();
        app.UseEndpoints(routes => routes.MapGrpcService(app.ApplicationServices.GetRequiredService<OtlpGrpc>().Definition));
    }

    public async Task InvokeAsync(HttpContext context)
    {
        // The limit is checked while reading; Kestrel's own would end the call without a gRPC status.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        using var body = new GrpcBody(context, keys, budget, options.Value.MaxBodyBytes + PrefixBytes);
        context.Features.Set<IRequestBodyPipeFeature>(body);
        GrpcBody.Current = body;
        await next(context);

        // The client is gone; an aborted call is not a failure.
        if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        var status = context.Features.Get<IServerCallContextFeature>()?.ServerCallContext.Status;

        if (RefusalOf(context, status) is { } refused)
        {
            refusals.Add(refused, context);

            if (!context.Response.HasStarted)
            {
                context.Response.Headers.GrpcStatus = ((int)GrpcStatus.Of(refused.Refusal)).ToString(CultureInfo.InvariantCulture);
                context.Response.Headers.GrpcMessage = Uri.EscapeDataString(refused.Message);
            }
        }
        else if (status is { StatusCode: StatusCode.Unknown, DebugException: { } failure })
        {
            LogFailed(failure);
        }
    }

    // The framework reports truncated, trailing or invalid messages as Internal or Unknown, which would blame the server. They are the
    // sender's mistake.
    private static RefusedException? RefusalOf(HttpContext context, Status? status) =>
        status switch
        {
            null when context.Response.Headers.GrpcStatus == Unimplemented => new RefusedException(
                Refusal.NotFound,
                "There is no such method."
            ),
            { DebugException: RefusedException own } => own,
            { StatusCode: StatusCode.Internal }
            or { StatusCode: StatusCode.Unknown, DebugException: InvalidDataException or IOException } => new RefusedException(
                Refusal.Malformed,
                "The call must hold exactly one whole message."
            ),
            { StatusCode: StatusCode.Unimplemented } => new RefusedException(
                Refusal.UnsupportedEncoding,
                "The message encoding must be gzip."
            ),
            _ => null,
        };

    [LoggerMessage(EventId = 5004, Level = LogLevel.Error, Message = "A call over gRPC failed")]
    private partial void LogFailed(Exception exception);
}
