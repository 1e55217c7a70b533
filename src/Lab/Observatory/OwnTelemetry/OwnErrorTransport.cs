using Platform.Observatory.Envelopes;
using Platform.Observatory.Receiving;
using Sentry.Extensibility;

namespace Platform.Observatory.OwnTelemetry;

/// <summary>
/// Hands the SDK's envelopes to the intake without a request. The intake writes to the log, which this is a part of: it is asked for when
/// it is needed.
/// </summary>
internal sealed class OwnErrorTransport(IServiceProvider services, TimeProvider time) : ITransport
{
    public async Task SendEnvelopeAsync(Sentry.Protocol.Envelopes.Envelope envelope, CancellationToken cancellationToken = default)
    {
        using var buffer = new MemoryStream();
        await envelope.SerializeAsync(buffer, logger: null, cancellationToken);

        try
        {
            services.GetRequiredService<EnvelopeIntake>().Accept(EnvelopeReader.Read(buffer.ToArray()), time.GetUtcNow());
        }
        catch (RefusedException)
        {
            // The bounds of the intake hold for own errors too; to report that would be one more.
        }
    }
}
