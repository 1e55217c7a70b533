using System.Globalization;
using System.Text;

namespace Platform.ServerProcesses;

internal sealed class RedisServer : KnownServer
{
    protected override string Image => "redis";

    public override string Package => "redis-server";

    public override IReadOnlyList<string> Accounts => ["redis", "valkey"];

    public override string? Find() => Programs.Find("redis-server") ?? Programs.Find("valkey-server");

    public override ServerPlan Plan(ServerSettings settings)
    {
        var (data, _) = settings.Data("/data");
        var configuration = Path.Combine(settings.Folder, "redis.conf");
        return new ServerPlan(
            [settings.Folder, data],
            new Dictionary<string, string> { [configuration] = Configuration(settings, data) },
            $"become_server {ServerPlan.Quote(settings.Program)} {ServerPlan.Quote(configuration)}\n"
        )
        {
            IgnoredArguments =
            [
                .. settings
                    .Arguments.SkipWhile(argument => argument == "redis-server")
                    .TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal)),
            ],
        };
    }

    private static string Configuration(ServerSettings settings, string data)
    {
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"port {settings.Port(6379)}\n")
            .Append("bind 127.0.0.1 -::1\nprotected-mode yes\ndaemonize no\nsave \"\"\nappendonly no\n")
            .Append(CultureInfo.InvariantCulture, $"dir {Quote(data)}\n");
        if (settings.Environment.GetValueOrDefault("REDIS_PASSWORD") is { Length: > 0 } password)
        {
            text.Append(CultureInfo.InvariantCulture, $"requirepass {Quote(password)}\n");
        }

        foreach (var (name, values) in Options(settings.Arguments))
        {
            text.Append(CultureInfo.InvariantCulture, $"{name} {string.Join(' ', values.Select(Quote))}\n");
        }

        return text.ToString();
    }

    // redis-server --requirepass $REDIS_PASSWORD --save 60 1: the container's arguments are settings, and the password is in its
    // environment.
    private static IEnumerable<(string Name, IReadOnlyList<string> Values)> Options(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                continue;
            }

            var values = arguments.Skip(i + 1).TakeWhile(value => !value.StartsWith("--", StringComparison.Ordinal)).ToList();
            if (arguments[i] != "--requirepass")
            {
                yield return (arguments[i][2..], values);
            }
        }
    }

    private static string Quote(string value) =>
        $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
