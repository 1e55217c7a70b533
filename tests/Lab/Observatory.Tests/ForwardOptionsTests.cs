using Microsoft.Extensions.Options;
using Platform.Observatory.Forward;

namespace Platform.Observatory.Tests;

public sealed class ForwardOptionsTests
{
    private const string Good = "--Observatory:Forward:a:Endpoint=http://localhost";

    [Theory]
    [InlineData("Observatory:Forward:a:Endpoint", "--Observatory:Forward:a:Protocol=grpc")]
    [InlineData("Observatory:Forward:0:Endpoint", "--Observatory:Forward:0:Endpoint=localhost:4317")]
    [InlineData("Observatory:Forward:a:Endpoint", "--Observatory:Forward:a:Endpoint=ftp://localhost")]
    [InlineData("Observatory:Forward:a:Endpoint", "--Observatory:Forward:a:Endpoint=http://user:geheim@localhost")]
    [InlineData("Observatory:Forward:a:Endpoint", "--Observatory:Forward:a:Endpoint=http://localhost/path")]
    [InlineData("Observatory:Forward:a:Protocol", Good, "--Observatory:Forward:a:Protocol=http/json")]
    [InlineData("Observatory:Forward:a:Headers", Good, "--Observatory:Forward:a:Headers=x-key=ok,geheim")]
    [InlineData("Observatory:Forward:a:Headers", Good, "--Observatory:Forward:a:Headers=x-key=geheim%0Ax")]
    [InlineData("Observatory:Forward:a:Compression", Good, "--Observatory:Forward:a:Compression=br")]
    [InlineData("Observatory:Forward:a:MaxSpansPerSecond", Good, "--Observatory:Forward:a:MaxSpansPerSecond=0")]
    [InlineData("Observatory:Forward:a:Name", Good, "--Observatory:Forward:a:Name=a b")]
    [InlineData("Name b", Good, "--Observatory:Forward:a:Name=b", "--Observatory:Forward:b:Endpoint=http://y")]
    [InlineData("Observatory:ForwardDsn", "--Observatory:ForwardDsn=https://geheim@sentry.example.com")]
    public async Task Setting_ThatIsInvalid_FailsTheStartAndIsNamed(string name, params string[] settings)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => ObservatoryProcess.StartAsync(settings));

        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://abc@o1.ingest.example.com/42", "https://o1.ingest.example.com/api/42/envelope/")]
    [InlineData("http://abc:def@localhost:9000/sentry/42/", "http://localhost:9000/sentry/api/42/envelope/")]
    public void Dsn_Parsed_GivesAddressAndKey(string dsn, string address)
    {
        var read = Dsn.TryRead(dsn)!;

        Assert.Equal((address, "abc"), (read.Envelopes.ToString(), read.Key));
    }

    [Theory]
    [InlineData(0, null, 0.0, 0.125)]
    [InlineData(0, null, 1.0, 0.25)]
    [InlineData(3, null, 1.0, 2)]
    [InlineData(1_000, null, 1.0, 5)]
    [InlineData(0, 30, 1.0, 30)]
    [InlineData(0, 100_000, 1.0, 300)]
    [InlineData(3, 0, 1.0, 2)]
    public void Backoff_OfEachAttempt_DoublesToItsLimitAndHonoursRetryAfter(int attempt, int? asked, double chance, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Backoff.Of(attempt, asked is { } time ? TimeSpan.FromSeconds(time) : null, chance));
}
