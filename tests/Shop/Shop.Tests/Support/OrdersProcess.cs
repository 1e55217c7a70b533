using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Platform.Gateway;
using Platform.ServerProcesses;

namespace Platform.Shop.Tests.Support;

/// <summary>
/// The service as it is, in a process of its own: its validation is generated into its own program. Without Redis and RabbitMQ.
/// </summary>
internal sealed class OrdersProcess : IAsyncDisposable
{
    public const string FingerprintKey = "a fingerprint key of the tests";
    public const string Tenant = "acme";
    public const string User = "acme-u01";

    private static readonly ECDsa SessionKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private readonly Process _process;
    private readonly string _folder;
    private readonly ConcurrentQueue<string> _output = new();

    private OrdersProcess(Process process, string folder, int port)
    {
        (_process, _folder) = (process, folder);
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Eventually.DefaultTimeout };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", CreateToken());
    }

    public HttpClient Http { get; }

    public static async Task<OrdersProcess> StartAsync(Database database)
    {
        var folder = Directory.CreateTempSubdirectory("orders-").FullName;
        var (port, management) = (FreePort.Next(), FreePort.Next());
        using var rsa = RSA.Create(2048);
        var process = Process.Start(
            new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Orders.dll"), "--contentRoot", folder])
            {
                RedirectStandardOutput = true,
                Environment =
                {
                    ["DOTNET_gcServer"] = "0",
                    ["ConnectionStrings__ordersdb"] = database.ConnectionString,
                    ["ConnectionStrings__redis"] = "127.0.0.1:1",
                    ["ConnectionStrings__rabbitmq"] = "amqp://127.0.0.1:1",
                    ["Kestrel__Endpoints__http__Url"] = $"http://127.0.0.1:{port}",
                    ["Kestrel__Endpoints__management__Url"] = $"http://127.0.0.1:{management}",
                    ["Identity__PublicKeys__0"] = Convert.ToBase64String(SessionKey.ExportSubjectPublicKeyInfo()),
                    ["Orders__FingerprintKey"] = FingerprintKey,
                    ["Orders__CardPublicKey"] = Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()),
                },
            }
        )!;
        var orders = new OrdersProcess(process, folder, port);
        await Eventually.GetAsync(orders.AnswersAsync, static answers => answers, "orders answers");
        return orders;
    }

    public async Task<(HttpStatusCode Status, string Body)> PlaceAsync(Guid key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", key.ToString());
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        Assert.False(_process.HasExited, $"Orders has ended:\n{string.Join('\n', _output)}");
        try
        {
            using var response = await Http.GetAsync("/api/products", TestContext.Current.CancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            // It is starting.
            return false;
        }
    }

    private static string CreateToken()
    {
        var options = Options.Create(new SessionTokenOptions { SigningKey = Convert.ToBase64String(SessionKey.ExportPkcs8PrivateKey()) });
        return new SessionTokens(options, TimeProvider.System).Create(Tenant, User).Token;
    }
}
