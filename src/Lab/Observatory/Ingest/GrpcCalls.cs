using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Platform.Observatory.Access;
using Platform.Observatory.Receiving;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Ingest;

/// <summary>Around each call over gRPC: gives it its body, and counts it when it is refused, by whomever.</summary>
internal sealed partial class GrpcCalls(
    RequestDelegate next,
    AccessKeys keys,
    BodyBudget budget,
    RefusalLog refusals,
    IOptions<ObservatoryOptions> options,
    ILogger<GrpcCalls> logger
)
{
    // In front of the message: one byte that says whether it is compressed, four of its length.
    private const int PrefixBytes = 5;

    // As a header says it.
    private const string Unimplemented = "12";

    public static void Add(IServiceCollection services)
    {
        // What is refused is counted, and what fails is logged, here: the framework would write a stack for each sender that went away.
        services.AddLogging(logging => logging.AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.None));
        services
            .AddSingleton<OtlpGrpc>()
            .AddGrpc(grpc =>
            {
                // The limits are GrpcBody's, in whose memory the message is by then.
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
        // The limit is checked while reading; Kestrel's own would end the call without a status of gRPC.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        using var body = new GrpcBody(context, keys, budget, options.Value.MaxBodyBytes + PrefixBytes);
        context.Features.Set<IRequestBodyPipeFeature>(body);
        GrpcBody.Current = body;
        await next(context);

        // Nobody waits for an answer, and what broke off is no mistake.
        if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        var status = context.Features.Get<IServerCallContextFeature>()?.ServerCallContext.Status;

        if (WhyRefused(context, status) is { } refused)
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

    // A message that is cut, has another behind it, or is no message is "internal" or "unknown" to the framework. It is the sender's
    // mistake: those codes would say that it is ours.
    private static RefusedException? WhyRefused(HttpContext context, Status? status) =>
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
