using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.Resolve;

namespace Aspire.Hosting.Run.Twins;

/// <summary>
/// RabbitMQ as one process: its script replaces itself by the Erlang machine when it believes to run under systemd, and the port mapper
/// that Erlang would leave behind as a daemon is a companion of ours.
/// </summary>
internal sealed class RabbitMqTwin : NativeTwin
{
    public override string Image => "rabbitmq";

    public override string Package => "rabbitmq-server";

    // The script below the versioned folder: what PATH finds changes to the system's own configuration and user.
    public override string? Find() => ExecutableSearch.FindNewest("/usr/lib/rabbitmq/lib", "rabbitmq_server-", "sbin/rabbitmq-server");

    public override Task<string> DescribeAsync(string server, TwinContext context, CancellationToken cancellationToken) =>
        Task.FromResult(Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(server))!).Replace("rabbitmq_server-", "RabbitMQ ", StringComparison.Ordinal));

    public override Task<ProcessSpec> PrepareAsync(TwinContext context, CancellationToken cancellationToken)
    {
        var user = UserAccount.First("rabbitmq");
        var (data, kept) = context.Data("/var/lib/rabbitmq");
        var folder = context.Folder;
        TwinContext.CreateFolder(folder, user);
        if (kept)
        {
            Mounts.LetPass(Path.GetDirectoryName(data)!, user);
        }

        foreach (var path in (string[])[data, Path.Combine(folder, "home"), Path.Combine(folder, "log")])
        {
            TwinContext.CreateFolder(path, user);
        }

        var cookie = Path.Combine(folder, "home", ".erlang.cookie");
        if (!File.Exists(cookie))
        {
            TwinContext.WriteSecretFile(cookie, Convert.ToHexString(RandomNumberGenerator.GetBytes(20)), user, UnixFileMode.UserRead);
        }

        TwinContext.WriteSecretFile(Path.Combine(folder, "rabbitmq.conf"), Configuration(context), user);
        TwinContext.WriteSecretFile(Path.Combine(folder, "advanced.config"), DefaultUser(context), user);
        TwinContext.WriteSecretFile(
            Path.Combine(folder, "enabled_plugins"), context.Tag.EndsWith("-management", StringComparison.Ordinal) ? "[rabbitmq_management].\n" : "[].\n", user);
        TwinContext.WriteSecretFile(Path.Combine(folder, "env.conf"), "", user);

        var portMapper = PortLedger.Next().ToString(CultureInfo.InvariantCulture);
        var environment = Environment(folder, data, portMapper);
        var epmd = ExecutableSearch.Find("epmd", "/") ?? ExecutableSearch.FindNewest("/usr/lib/erlang", "erts-", "bin/epmd")
            ?? throw new DistributedApplicationException("epmd, a part of Erlang that RabbitMQ needs, was not found: install erlang-base.");
        return Task.FromResult(new ProcessSpec
        {
            Executable = context.Server,
            WorkingDirectory = folder,
            Environment = environment,
            User = user,
            StopTimeout = TimeSpan.FromSeconds(15),
            Companions =
            [
                new ProcessSpec
                {
                    Executable = epmd,
                    Arguments = ["-port", portMapper, "-address", "127.0.0.1"],
                    WorkingDirectory = folder,
                    Environment = environment,
                    User = user,
                },
            ],
        });
    }

    private static Dictionary<string, string> Environment(string folder, string data, string portMapper) => new()
    {
        ["PATH"] = "/usr/bin:/bin",
        ["HOME"] = Path.Combine(folder, "home"),
        ["LANG"] = "C.UTF-8",
        ["RUNNING_UNDER_SYSTEMD"] = "true",
        ["ERL_EPMD_PORT"] = portMapper,
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        // The name is part of the data: it may not change between runs on one volume.
        ["RABBITMQ_NODENAME"] = "rabbit@localhost",
        ["RABBITMQ_DIST_PORT"] = PortLedger.Next().ToString(CultureInfo.InvariantCulture),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(folder, "env.conf"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq"),
        ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Path.Combine(folder, "advanced.config"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
        ["RABBITMQ_MNESIA_BASE"] = data,
        ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
        ["RABBITMQ_LOGS"] = "-",
        ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "rabbit.pid"),
        // No daemon, distribution on loopback only, two schedulers: a node of a laptop, not of a cluster.
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 2:2 -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
    };

    private static string Configuration(TwinContext context)
    {
        var text = new StringBuilder()
            .Append(null, $"listeners.tcp.default = 127.0.0.1:{context.RequiredPort(5672)}\n")
            .Append("loopback_users.guest = true\nlog.console = true\nlog.console.level = info\nlog.file = false\n")
            .Append("vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n");
        if (context.Port(15672) is { } management)
        {
            text.Append(null, $"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n");
        }

        return text.ToString();
    }

    // Erlang terms take any character as bytes, which rabbitmq.conf does not.
    private static string DefaultUser(TwinContext context)
    {
        var user = context.Environment.GetValueOrDefault("RABBITMQ_DEFAULT_USER", "guest");
        var password = context.Environment.GetValueOrDefault("RABBITMQ_DEFAULT_PASS", "guest");
        return $"[{{rabbit, [{{default_user, <<{Bytes(user)}>>}}, {{default_pass, <<{Bytes(password)}>>}}]}}].\n";

        static string Bytes(string text) => string.Join(',', Encoding.UTF8.GetBytes(text));
    }
}
