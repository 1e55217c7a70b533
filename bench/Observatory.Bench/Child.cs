using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Platform.Observatory.Receiving;

namespace Platform.Observatory.Bench;

/// <summary>Observatory as a process of its own, on free ports.</summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    // Bounded by MaxLines: shown when the process exits early.
    private const int MaxLines = 50;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly Process _process;

    private Child(Process process, int http, int grpc, int otlp)
    {
        _process = process;
        Http = Client(http, HttpVersion.Version11);
        OtlpGrpc = Client(grpc, HttpVersion.Version20);
        OtlpHttp = Client(otlp, HttpVersion.Version11);
    }

    public HttpClient Http { get; }

    public HttpClient OtlpGrpc { get; }

    public HttpClient OtlpHttp { get; }

    /// <summary>From the start of the process until it answers, a replay of its history included.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    public TimeSpan Processor
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Null where the system does not report it.</summary>
    public long? ProportionalSet
    {
        get
        {
            var file = $"/proc/{_process.Id}/smaps_rollup";
            return
                File.Exists(file)
                && File.ReadLines(file).FirstOrDefault(line => line.StartsWith("Pss:", StringComparison.Ordinal)) is { } line
                ? long.Parse(line[4..^2].Trim(), CultureInfo.InvariantCulture) << 10
                : null;
        }
    }

    public static async Task<Child> StartAsync(string data, int spans, CancellationToken cancellationToken, params string[] more)
    {
        int[] ports = FreePorts(4);
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Observatory.dll"),
            "--environment=Development",
            .. Listener.Names.Zip(ports, (name, port) => $"--Kestrel:Endpoints:{name}:Url=http://127.0.0.1:{port}"),
            .. Listener.Names.Select(name => $"--Kestrel:Endpoints:{name}:Protocols={(name == Listener.OtlpGrpc ? "Http2" : "Http1")}"),
            .. Settings(data, spans).Concat(more).Select(setting => $"--Observatory:{setting}"),
        ];

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var clock = Stopwatch.StartNew();
        var child = new Child(Process.Start(start)!, ports[0], ports[1], ports[2]);

        try
        {
            await child.WaitUntilReadyAsync(cancellationToken);
            child.ReadyAfter = clock.Elapsed;
            return child;
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        OtlpGrpc.Dispose();
        OtlpHttp.Dispose();

        if (!_process.HasExited)
        {
            // SIGTERM, so that the queued history is written before the exit.
            using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            using var limit = new CancellationTokenSource(StopLimit);

            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    // Larger than any run needs: the number of spans is the bound that is measured.
    private static string[] Settings(string data, int spans) =>
        [
            $"DataDirectory={data}",
            $"MaxSpans={Math.Max(spans, 100)}",
            $"MaxSpanBytes={16L << 30}",
            $"HistoryMaxBytes={64L << 30}",
            $"HistorySegmentBytes={64L << 20}",
        ];

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        _process.OutputDataReceived += (_, line) => Remember(line.Data);
        _process.ErrorDataReceived += (_, line) => Remember(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        while (true)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"Observatory ended with {_process.ExitCode}:\n{string.Join('\n', _output)}");
            }

            try
            {
                using var answer = await Http.GetAsync(new Uri("/api/telemetry/resources", UriKind.Relative), cancellationToken);
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException exception) when (exception.InnerException is SocketException)
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }

    private void Remember(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);

            if (_output.Count > MaxLines)
            {
                _output.TryDequeue(out _);
            }
        }
    }

    private static HttpClient Client(int port, Version version) =>
        new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(60),
        };

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}
