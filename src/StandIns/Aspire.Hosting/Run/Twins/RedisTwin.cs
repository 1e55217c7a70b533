using System.Text;
using Aspire.Hosting.Resolve;

namespace Aspire.Hosting.Run.Twins;

internal sealed class RedisTwin : NativeTwin
{
    public override string Image => "redis";

    public override string Package => "redis-server";

    public override string? Find() => ExecutableSearch.Find("redis-server", "/") ?? ExecutableSearch.Find("valkey-server", "/");

    public override Task<ProcessSpec> PrepareAsync(TwinContext context, CancellationToken cancellationToken)
    {
        var user = UserAccount.First("redis", "valkey");
        var (data, kept) = context.Data("/data");
        TwinContext.CreateFolder(context.Folder, user);
        if (kept)
        {
            Mounts.LetPass(Path.GetDirectoryName(data)!, user);
        }

        TwinContext.CreateFolder(data, user);
        var configuration = Path.Combine(context.Folder, "redis.conf");
        TwinContext.WriteSecretFile(configuration, Configuration(context, data), user);
        return Task.FromResult(new ProcessSpec
        {
            Executable = context.Server,
            Arguments = [configuration],
            WorkingDirectory = data,
            Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["LC_ALL"] = "C.UTF-8", ["HOME"] = context.Folder },
            User = user,
        });
    }

    private static string Configuration(TwinContext context, string data)
    {
        var text = new StringBuilder()
            .Append(null, $"port {context.RequiredPort(6379)}\n")
            .Append("bind 127.0.0.1 -::1\nprotected-mode yes\ndaemonize no\nsave \"\"\nappendonly no\n")
            .Append(null, $"dir {Quote(data)}\n");
        if (context.Environment.GetValueOrDefault("REDIS_PASSWORD") is { Length: > 0 } password)
        {
            text.Append(null, $"requirepass {Quote(password)}\n");
        }

        // The container's arguments are settings: --save 60 1
        for (var i = 0; i < context.Arguments.Count; i++)
        {
            if (context.Arguments[i].StartsWith("--", StringComparison.Ordinal))
            {
                text.Append(context.Arguments[i].AsSpan(2));
                while (i + 1 < context.Arguments.Count && !context.Arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                {
                    text.Append(' ').Append(Quote(context.Arguments[++i]));
                }

                text.Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Quote(string value) =>
        $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
