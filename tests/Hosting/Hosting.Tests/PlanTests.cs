using Aspire.Hosting.ApplicationModel;
using Platform.ServerProcesses;

namespace Platform.Hosting.Tests;

/// <summary>What a model comes to: files and a script. Nothing is started.</summary>
public sealed class PlanTests
{
    private const string Secret = "it's \"secret\" $HOME `id`";

    [Fact]
    public void Postgres_WithAPassword_HasItInAFileAndNotInTheScript()
    {
        var plan = new PostgresServer().Plan(
            Settings("/usr/lib/postgresql/15/bin/postgres", 5432, ("POSTGRES_USER", "admin"), ("POSTGRES_PASSWORD", Secret))
        );

        Assert.Equal(Secret, Assert.Single(plan.Files, file => file.Key == "/run/server/password").Value);
        Assert.DoesNotContain("secret", plan.Compose(null), StringComparison.Ordinal);
        Assert.Contains("'/usr/lib/postgresql/15/bin/initdb' -D \"$data/new\" -U 'admin'", plan.Script, StringComparison.Ordinal);
        Assert.Contains("-p 15432", plan.Script, StringComparison.Ordinal);
        Assert.Contains("fsync=off", plan.Script, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/var/lib/postgresql/data")]
    [InlineData("/var/lib/postgresql")]
    public void Postgres_WithABindMount_KeepsItsDataThereAndWritesItToDisk(string target)
    {
        var settings = Settings("/usr/lib/postgresql/15/bin/postgres", 5432) with
        {
            Mounts = [new ContainerMountAnnotation("/kept/data", target, ContainerMountType.BindMount, false)],
        };

        var plan = new PostgresServer().Plan(settings);

        Assert.Contains("data='/kept/data'\n", plan.Script, StringComparison.Ordinal);
        Assert.Contains("/kept/data", plan.Folders);
        Assert.DoesNotContain("fsync=off", plan.Script, StringComparison.Ordinal);
        Assert.DoesNotContain("--no-sync", plan.Script, StringComparison.Ordinal);
    }

    [Fact]
    public void Redis_WithTheContainersArguments_HasThemAsSettingsAndThePasswordOnce()
    {
        var settings = Settings("/usr/bin/redis-server", 6379, ("REDIS_PASSWORD", Secret)) with
        {
            Arguments = ["redis-server", "--requirepass", "$REDIS_PASSWORD", "--save", "60", "1"],
        };

        var configuration = new RedisServer().Plan(settings).Files["/run/server/redis.conf"];

        Assert.Contains("port 16379\n", configuration, StringComparison.Ordinal);
        Assert.Contains("save \"60\" \"1\"\n", configuration, StringComparison.Ordinal);
        Assert.Equal(
            "requirepass \"it's \\\"secret\\\" $HOME `id`\"",
            Assert.Single(configuration.Split('\n'), line => line.StartsWith("requirepass", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void RabbitMq_WithTheManagementImage_EnablesThePluginOnItsPort()
    {
        Assert.SkipWhen(Programs.Find("epmd") is null && !Directory.Exists("/usr/lib/erlang"), "Erlang is not installed.");
        var settings = Settings(
            "/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server",
            5672,
            ("RABBITMQ_DEFAULT_USER", "guest"),
            ("RABBITMQ_DEFAULT_PASS", "ü\"'")
        );

        var plan = new RabbitMqServer().Plan(
            settings with
            {
                Tag = "4.3-management",
                Ports = new Dictionary<int, int> { [5672] = 25672, [15672] = 25673 },
            }
        );

        Assert.Equal("[rabbitmq_management].\n", plan.Files["/run/server/enabled_plugins"]);
        Assert.Contains("management.tcp.port = 25673", plan.Files["/run/server/rabbitmq.conf"], StringComparison.Ordinal);
        Assert.Contains("{default_pass, <<195,188,34,39>>}", plan.Files["/run/server/advanced.config"], StringComparison.Ordinal);
        Assert.Contains("companion ", plan.Script, StringComparison.Ordinal);
    }

    [Fact]
    public void RabbitMq_WithAPortForMetrics_EnablesThatPlugin()
    {
        Assert.SkipWhen(Programs.Find("epmd") is null && !Directory.Exists("/usr/lib/erlang"), "Erlang is not installed.");

        var plan = new RabbitMqServer().Plan(
            Settings("/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server", 5672) with
            {
                Ports = new Dictionary<int, int> { [5672] = 25672, [15692] = 25674 },
            }
        );

        Assert.Equal("[rabbitmq_prometheus].\n", plan.Files["/run/server/enabled_plugins"]);
        Assert.Contains("prometheus.tcp.port = 25674", plan.Files["/run/server/rabbitmq.conf"], StringComparison.Ordinal);
    }

    [Fact]
    public void Prometheus_WithTheContainersPaths_HasLocalOnesAndItsMountsBesideItsConfiguration()
    {
        var settings = Settings("/usr/bin/prometheus", 9090) with
        {
            Arguments =
            [
                "--config.file=/etc/prometheus/prometheus.yml",
                "--storage.tsdb.path=/prometheus",
                "--enable-feature=exemplar-storage",
            ],
            ContainerFiles = new Dictionary<string, string>
            {
                ["/etc/prometheus/prometheus.yml"] = "global: {}",
                ["/etc/prometheus/secrets/token"] = Secret,
            },
            Mounts = [new ContainerMountAnnotation("/run/targets", "/etc/prometheus/targets", ContainerMountType.BindMount, true)],
        };

        var plan = PrometheusFamilyServer.Family.First().Plan(settings);

        Assert.Contains("'--config.file=/run/server/container/etc/prometheus/prometheus.yml'", plan.Script, StringComparison.Ordinal);
        Assert.Contains("'--storage.tsdb.path=/run/server/data'", plan.Script, StringComparison.Ordinal);
        Assert.Contains("'--web.listen-address=127.0.0.1:19090'", plan.Script, StringComparison.Ordinal);
        Assert.Contains(
            "server ln -sfn '/run/targets' '/run/server/container/etc/prometheus/targets'\n",
            plan.Script,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("secret", plan.Script.Replace("secrets", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(2, settings.FilesInUse().Count());
        Assert.Empty(settings.NotInUse());
    }

    [Fact]
    public void Plan_ForAnotherUser_GivesHimTheFilesAndStartsTheServerAsHim()
    {
        var plan = new RedisServer().Plan(Settings("/usr/bin/redis-server", 6379));

        var script = plan.Compose(new UserAccount("redis", 104, 108));

        Assert.Contains("chown -h 104:108 '/run/server' '/run/server/data' '/run/server/redis.conf'", script, StringComparison.Ordinal);
        Assert.Contains("setpriv --reuid=104 --regid=108 --clear-groups", script, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_WithWhatTheServerDoesNotTake_SaysSo()
    {
        var settings = Settings("/usr/bin/redis-server", 6379) with
        {
            Arguments = ["redis-server", "/etc/redis.conf", "--save", "60", "1"],
            Mounts =
            [
                new ContainerMountAnnotation("kept", "/data", ContainerMountType.Volume, false),
                new ContainerMountAnnotation("/home/me/modules", "/modules", ContainerMountType.BindMount, true),
            ],
            ContainerFiles = new Dictionary<string, string> { ["/etc/redis.conf"] = "save 60 1" },
        };

        var plan = new RedisServer().Plan(settings);

        Assert.Equal(["/etc/redis.conf"], plan.IgnoredArguments);
        Assert.Equal(["the mount of '/home/me/modules' at /modules", "the file /etc/redis.conf"], settings.NotInUse());
    }

    [Fact]
    public void Settings_WithFilesOfTheContainer_TellWhereTheyAreHere()
    {
        var settings = Settings("/usr/bin/prometheus", 9090) with
        {
            Mounts = [new ContainerMountAnnotation("/repo/alerts", "/etc/prometheus/alerts/", ContainerMountType.BindMount, true)],
            ContainerFiles = new Dictionary<string, string> { ["/etc/prometheus/rules/a.yml"] = "a", ["/etc/other"] = "b" },
        };

        Assert.Equal("/repo/alerts/b.yml", settings.PathOf("/etc/prometheus/alerts/b.yml"));
        Assert.Equal("/repo/alerts", settings.PathOf("/etc/prometheus/alerts"));
        Assert.Equal("/run/server/container/etc/prometheus/rules", settings.PathOf("/etc/prometheus/rules"));
        Assert.Null(settings.PathOf("/etc/prometheus/prometheus.yml"));
        Assert.Null(settings.PathOf("/etc/prometheus/rule"));

        var plan = new ServerPlan(["/run/server"], new Dictionary<string, string>(), "").With(settings.FilesInUse(), "/run/server");
        Assert.Equal(["/run/server/container/etc/prometheus/rules/a.yml"], plan.Files.Keys);
        Assert.Equal(
            [
                "/run/server",
                "/run/server/container",
                "/run/server/container/etc",
                "/run/server/container/etc/prometheus",
                "/run/server/container/etc/prometheus/rules",
            ],
            plan.Folders
        );
        Assert.Equal(["the file /etc/other"], settings.NotInUse());
    }

    [Fact]
    public async Task Version_OfAProgramThatDoesNotTell_IsUnknownAndNoError()
    {
        var version = await new RedisServer().VersionAsync("/does/not/exist", TestContext.Current.CancellationToken);

        Assert.StartsWith("an unknown version", version, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_WithoutTheEndpointThatTheServerNeeds_SaysWhich()
    {
        var settings = Settings("/usr/bin/redis-server", 6379) with { Ports = new Dictionary<int, int>() };

        var exception = Assert.Throws<ServerUnavailableException>(() => new RedisServer().Plan(settings));

        Assert.Contains("6379", exception.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, true, true, true, null)]
    [InlineData("auto", true, true, true, null)]
    [InlineData("auto", true, false, false, null)]
    [InlineData("auto", false, false, false, "Start Docker Desktop or Podman")]
    [InlineData("container", true, false, true, null)]
    [InlineData("process", true, true, false, null)]
    [InlineData("process", false, true, false, "Linux and WSL2 only")]
    [InlineData("proces", true, true, false, "Servers=proces")]
    public void Choice_OfContainersOrProcesses_FollowsSettingEngineAndSystem(
        string? setting,
        bool isLinux,
        bool engineAnswers,
        bool useContainers,
        string? whyNot
    )
    {
        var choice = ServerChoice.Make(setting, isLinux, engineAnswers);

        Assert.Equal(useContainers, choice.UseContainers);
        Assert.Equal(whyNot is null, choice.WhyNot is null);
        Assert.Contains(whyNot ?? "", choice.WhyNot ?? "", StringComparison.Ordinal);
    }

    private static ServerSettings Settings(string program, int port, params (string Name, string Value)[] environment) =>
        new()
        {
            Program = program,
            Folder = "/run/server",
            Ports = new Dictionary<int, int> { [port] = port + 10000 },
            Environment = environment.ToDictionary(variable => variable.Name, variable => variable.Value),
        };
}
