using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Platform.Observatory.Access;
using Platform.Observatory.Otlp;
using Platform.Observatory.Receiving;
using Platform.Observatory.Settings;

namespace Platform.Observatory.Ingest;

/// <summary>OTLP over HTTP: POST /v1/{traces,metrics,logs}, protobuf or JSON, answered in the type of the request.</summary>
internal sealed class OtlpHttp(Intake intake, AccessKeys keys, BodyBudget budget, RefusalLog refusals, IOptions<ObservatoryOptions> options)
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    public async Task HandleAsync(HttpContext context)
    {
        var json = IsJson(context.Request) ?? true;

        try
        {
            var signal = SignalOf(context.Request);
            var result = await ReadAsync(context, signal);
            await WriteAsync(context, StatusCodes.Status200OK, json, result.ToResponse(), writer => WriteResult(writer, signal, result));
        }
        catch (RefusedException refused)
        {
            refusals.Add(refused, context);
            var status = new Rpc.Status { Code = (int)GrpcStatus.Of(refused.Refusal), Message = refused.Message };
            SetHeaders(context.Response, refused.Refusal);
            await WriteAsync(
                context,
                HttpStatusOf(refused.Refusal),
                json,
                status,
                writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("code", status.Code);
                    writer.WriteString("message", status.Message);
                    writer.WriteEndObject();
                }
            );
        }
    }

    private async Task<IntakeResult> ReadAsync(HttpContext context, Signal signal)
    {
        if (!keys.AllowsOtlp(context.Request.Headers))
        {
            throw new RefusedException(Refusal.Unauthenticated, "The header x-otlp-api-key is missing or wrong.");
        }

        if (IsJson(context.Request) is not { } json)
        {
            throw new RefusedException(Refusal.UnsupportedType, $"The content type must be {Protobuf} or {Json}.");
        }

        var zipped = context.Request.Headers.ContentEncoding.ToString().ToLowerInvariant() switch
        {
            "" or "identity" => false,
            "gzip" => true,
            _ => throw new RefusedException(Refusal.UnsupportedEncoding, "The content encoding must be gzip."),
        };
        var limits = options.Value;

        if (context.Request.ContentLength > limits.MaxBodyBytes)
        {
            throw new RefusedException(Refusal.TooLarge, $"The body is larger than {limits.MaxBodyBytes} bytes.");
        }

        // The limit is checked while reading; Kestrel's own would end the connection without an OTLP response.
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        using var body = new PooledBody(budget, limits.MaxBodyBytes);
        await body.FillAsync(context.Request.Body, context.RequestAborted);

        if (!zipped)
        {
            return intake.Accept(signal, body.Bytes, json);
        }

        using var unzipped = new PooledBody(budget, limits.MaxDecompressedBytes);
        await unzipped.FillUnzippedAsync(body.Bytes, context.RequestAborted);
        return intake.Accept(signal, unzipped.Bytes, json);
    }

    private static Signal SignalOf(HttpRequest request)
    {
        var signal = request.Path.Value switch
        {
            "/v1/traces" => Signal.Traces,
            "/v1/metrics" => Signal.Metrics,
            "/v1/logs" => Signal.Logs,
            _ => throw new RefusedException(Refusal.NotFound, "There is no such path."),
        };

        return HttpMethods.IsPost(request.Method)
            ? signal
            : throw new RefusedException(Refusal.MethodNotAllowed, "Telemetry is sent by POST.");
    }

    private static bool? IsJson(HttpRequest request) =>
        !MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? null
        : type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) ? true
        : type.MediaType.Equals(Protobuf, StringComparison.OrdinalIgnoreCase) ? false
        : null;

    private static int HttpStatusOf(Refusal refusal) =>
        refusal switch
        {
            Refusal.Malformed => StatusCodes.Status400BadRequest,
            Refusal.TooLarge => StatusCodes.Status413PayloadTooLarge,
            Refusal.Overloaded => StatusCodes.Status503ServiceUnavailable,
            Refusal.Unauthenticated => StatusCodes.Status401Unauthorized,
            Refusal.NotFound => StatusCodes.Status404NotFound,
            Refusal.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
            _ => StatusCodes.Status415UnsupportedMediaType,
        };

    private static void SetHeaders(HttpResponse response, Refusal refusal)
    {
        switch (refusal)
        {
            case Refusal.Overloaded:
                response.Headers.RetryAfter = "1";
                break;
            case Refusal.MethodNotAllowed:
                response.Headers.Allow = HttpMethods.Post;
                break;
            case Refusal.UnsupportedEncoding:
                response.Headers.AcceptEncoding = "gzip";
                break;
        }
    }

    private static void WriteResult(Utf8JsonWriter writer, Signal signal, IntakeResult result)
    {
        writer.WriteStartObject();

        if (result.Rejected > 0)
        {
            var name = signal switch
            {
                Signal.Traces => "rejectedSpans",
                Signal.Logs => "rejectedLogRecords",
                _ => "rejectedDataPoints",
            };
            writer.WriteStartObject("partialSuccess");
            writer.WriteString(name, result.Rejected.ToString(System.Globalization.CultureInfo.InvariantCulture));
            writer.WriteString("errorMessage", result.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static async Task WriteAsync(HttpContext context, int status, bool json, IMessage message, Action<Utf8JsonWriter> write)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = json ? Json : Protobuf;
        byte[] bytes;

        if (json)
        {
            using var buffer = new MemoryStream();
            await using (var writer = new Utf8JsonWriter(buffer))
            {
                write(writer);
            }

            bytes = buffer.ToArray();
        }
        else
        {
            bytes = message.ToByteArray();
        }

        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
