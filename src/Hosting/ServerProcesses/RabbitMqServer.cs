using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using static Platform.ServerProcesses.ServerPlan;

namespace Platform.ServerProcesses;

/// <summary>
/// RabbitMQ as one process. Its script execs the Erlang VM when it believes it runs under systemd, and epmd, which Erlang would leave
/// behind as a daemon, runs as a companion.
/// </summary>
internal sealed class RabbitMqServer : KnownServer
{
    private const int Metrics = 15692;

    protected override string Image => "rabbitmq";

    public override string Package => "rabbitmq-server";

    public override IReadOnlyList<string> Accounts => ["rabbitmq"];

    // The script in the versioned folder: the one in PATH switches to the system's configuration and user.
    public override string? Find() => Programs.FindNewest("/usr/lib/rabbitmq/lib", "rabbitmq_server-", "sbin/rabbitmq-server");

    // From the folder name: asking the program would start an Erlang VM, which takes seconds.
    public override Task<string> VersionAsync(string program, CancellationToken cancellationToken) =>
        Task.FromResult(
            Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(program))!)
                .Replace("rabbitmq_server-", "RabbitMQ ", StringComparison.Ordinal)
        );

    public override ServerPlan Plan(ServerSettings settings)
    {
        var (data, _) = settings.Data("/var/lib/rabbitmq");
        string At(string name) => Path.Combine(settings.Folder, name);
        var portMapper =
            Programs.Find("epmd")
            ?? Programs.FindNewest("/usr/lib/erlang", "erts-", "bin/epmd")
            ?? throw new ServerUnavailableException("epmd, a part of Erlang that RabbitMQ needs, was not found: install erlang-base.");
        var portMapperPort = FreePort.Next();
        return new ServerPlan(
            [settings.Folder, data, At("home"), At("log")],
            new Dictionary<string, string>
            {
                [At("home/.erlang.cookie")] = Convert.ToHexString(RandomNumberGenerator.GetBytes(20)),
                [At("rabbitmq.conf")] = Configuration(settings),
                [At("advanced.config")] = DefaultUser(settings),
                [At("enabled_plugins")] = $"[{string.Join(',', Plugins(settings))}].\n",
                [At("env.conf")] = "",
            },
            $"""
            cd {Quote(settings.Folder)}
            companion {Quote(portMapper)} -port {portMapperPort} -address 127.0.0.1
            become_server {Quote(settings.Program)}

            """
        )
        {
            IgnoredArguments = settings.Arguments,
            Environment = new Dictionary<string, string>
            {
                ["HOME"] = At("home"),
                ["LANG"] = "C.UTF-8",
                ["RUNNING_UNDER_SYSTEMD"] = "true",
                ["ERL_EPMD_PORT"] = portMapperPort.ToString(CultureInfo.InvariantCulture),
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",

                // The node name is part of the data: it must not change between runs on one volume.
                ["RABBITMQ_NODENAME"] = settings.Environment.GetValueOrDefault("RABBITMQ_NODENAME", "rabbit@localhost"),
                ["RABBITMQ_DIST_PORT"] = FreePort.Next().ToString(CultureInfo.InvariantCulture),
                ["RABBITMQ_CONF_ENV_FILE"] = At("env.conf"),
                ["RABBITMQ_CONFIG_FILE"] = At("rabbitmq"),
                ["RABBITMQ_ADVANCED_CONFIG_FILE"] = At("advanced.config"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = At("enabled_plugins"),
                ["RABBITMQ_MNESIA_BASE"] = data,
                ["RABBITMQ_LOG_BASE"] = At("log"),
                ["RABBITMQ_LOGS"] = "-",
                ["RABBITMQ_PID_FILE"] = At("rabbit.pid"),

                // No daemon, distribution on loopback only, two schedulers: a laptop node, not a cluster.
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 2:2 -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
            },
        };
    }

    // A container has the plugin for Prometheus always; here it is there for who gives it a port.
    private static IEnumerable<string> Plugins(ServerSettings settings)
    {
        if (settings.Tag.Contains("management", StringComparison.Ordinal))
        {
            yield return "rabbitmq_management";
        }

        if (settings.Ports.ContainsKey(Metrics))
        {
            yield return "rabbitmq_prometheus";
        }
    }

    private static string Configuration(ServerSettings settings)
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"listeners.tcp.default = 127.0.0.1:{settings.Port(5672)}\n")
            .Append("loopback_users.guest = true\nlog.console = true\nlog.console.level = info\nlog.file = false\n")
            .Append("vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n");
        if (settings.Ports.TryGetValue(Metrics, out var metrics))
        {
            text.Append(CultureInfo.InvariantCulture, $"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {metrics}\n");
        }

        if (settings.Ports.TryGetValue(15672, out var management))
        {
            text.Append(CultureInfo.InvariantCulture, $"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n");
        }

        return text.ToString();
    }

    // Erlang terms can hold any character as bytes; rabbitmq.conf cannot.
    private static string DefaultUser(ServerSettings settings)
    {
        var user = settings.Environment.GetValueOrDefault("RABBITMQ_DEFAULT_USER", "guest");
        var password = settings.Environment.GetValueOrDefault("RABBITMQ_DEFAULT_PASS", "guest");
        return $"[{{rabbit, [{{default_user, <<{Bytes(user)}>>}}, {{default_pass, <<{Bytes(password)}>>}}]}}].\n";

        static string Bytes(string text) => string.Join(',', Encoding.UTF8.GetBytes(text));
    }
}
