using System.Globalization;
using static Platform.ServerProcesses.ServerPlan;

namespace Platform.ServerProcesses;

/// <summary>
/// A server of Prometheus' family: one program, flags that name paths, an address to listen on, and configuration whose paths are relative
/// to its folder.
/// </summary>
internal sealed class PrometheusFamilyServer(string image, string package, string program, int port) : KnownServer
{
    private const string ConfigurationFlag = "--config.file=";

    // Flags that name a folder of data.
    private static readonly string[] DataFlags = ["--storage.tsdb.path=", "--storage.path="];

    public static IEnumerable<KnownServer> Family { get; } =
    [
        new PrometheusFamilyServer("prom/prometheus", "prometheus", "prometheus", 9090),
        new PrometheusFamilyServer("prom/alertmanager", "prometheus-alertmanager", "prometheus-alertmanager", 9093),
        new PrometheusFamilyServer(
            "prometheuscommunity/postgres-exporter",
            "prometheus-postgres-exporter",
            "prometheus-postgres-exporter",
            9187
        ),
        new PrometheusFamilyServer("oliver006/redis_exporter", "prometheus-redis-exporter", "prometheus-redis-exporter", 9121),
    ];

    protected override string Image => image;

    public override string Package => package;

    public override IReadOnlyList<string> Accounts => ["prometheus", "nobody"];

    public override string? Find() => Programs.Find(program);

    public override ServerPlan Plan(ServerSettings settings)
    {
        List<string> folders = [settings.Folder];
        var links = "";
        List<string> arguments = [];
        foreach (var argument in settings.Arguments)
        {
            var flag = argument[..(argument.IndexOf('=', StringComparison.Ordinal) + 1)];
            var value = argument[flag.Length..];
            if (DataFlags.Contains(flag))
            {
                var (data, _) = settings.Data(value);
                folders.Add(data);
                arguments.Add(flag + data);
            }
            else if (flag == ConfigurationFlag)
            {
                var folder = Path.GetDirectoryName(value)!;
                var local = settings.PathOf(value) ?? throw new ServerUnavailableException($"There is no file {value} for {flag}");
                _ = settings.PathOf(folder);
                arguments.Add(flag + local);

                // What is mounted below the folder of configuration is found there.
                foreach (var (target, mounted) in settings.MountsBelow(folder))
                {
                    var link = Path.Join(Path.GetDirectoryName(local), target[folder.Length..]);
                    links += $"server ln -sfn {Quote(mounted)} {Quote(link)}\n";
                }
            }
            else
            {
                arguments.Add(argument);
            }
        }

        arguments.Add($"--web.listen-address=127.0.0.1:{settings.Port(port).ToString(CultureInfo.InvariantCulture)}");
        return new ServerPlan(
            folders,
            new Dictionary<string, string>(),
            $"{links}become_server {Quote(settings.Program)} {string.Join(' ', arguments.Select(Quote))}\n"
        )
        {
            Environment = settings.Environment.ToDictionary(
                variable => variable.Key,
                variable => settings.PathOf(variable.Value) ?? variable.Value
            ),
        };
    }
}
