using static Platform.ServerProcesses.ServerPlan;

namespace Platform.ServerProcesses;

internal sealed class PostgresServer : KnownServer
{
    protected override string Image => "postgres";

    public override string Package => "postgresql";

    public override IReadOnlyList<string> Accounts => ["postgres"];

    // Versioned folders first: the program in PATH may be a wrapper that starts a cluster of its own.
    public override string? Find() => Programs.FindNewest("/usr/lib/postgresql", "", "bin/postgres") ?? Programs.Find("postgres");

    public override ServerPlan Plan(ServerSettings settings)
    {
        var (data, isKept) = settings.Data("/var/lib/postgresql", "/var/lib/postgresql/data");
        var program = Quote(settings.Program);
        var user = Quote(settings.Environment.GetValueOrDefault("POSTGRES_USER", "postgres"));
        var password = Path.Combine(settings.Folder, "password");
        var initialize = Quote(Path.Combine(Path.GetDirectoryName(settings.Program)!, "initdb"));
        var configuration = string.Join(' ', Configuration(isKept).Select(setting => $"-c {setting}"));

        // The container's arguments without the program name.
        var arguments = string.Join(' ', settings.Arguments.SkipWhile(argument => argument == "postgres").Select(Quote));

        // SIGINT is a fast shutdown; SIGTERM, which the orchestrator sends, would wait for all clients to disconnect.
        var script = $$"""
            cd {{Quote(settings.Folder)}}
            pid= stopping=
            pass_on() { stopping=1; [ -z "$pid" ] || kill -INT "$pid" 2>/dev/null || true; }
            trap pass_on TERM INT
            await() {
              pid=$1 code=0
              [ -z "$stopping" ] || pass_on
              wait "$pid" || code=$?
              while kill -0 "$pid" 2>/dev/null; do code=0; wait "$pid" || code=$?; done
              pid=
            }
            data={{Quote(data)}}
            if [ ! -e "$data/PG_VERSION" ]; then
              if [ ! -e "$data/new/PG_VERSION.whole" ]; then
                if [ -n "$(ls -A "$data" | grep -vx new)" ]; then
                  echo "$data holds something else than a whole database: empty it, or use another folder." >&2
                  exit 1
                fi
                rm -rf "$data/new"
                become_server {{initialize}} -D "$data/new" -U {{user}} -A scram-sha-256 \
                  --pwfile={{Quote(password)}} -E UTF8 --locale=C.UTF-8 --no-instructions{{(isKept ? "" : " --no-sync")}} &
                await $!
                if [ $code -ne 0 ] || [ -n "$stopping" ]; then exit $code; fi
                mv "$data/new/PG_VERSION" "$data/new/PG_VERSION.whole"
              fi
              server chmod 700 "$data"
              for entry in "$data"/new/*; do
                case $entry in */PG_VERSION.whole) ;; *) mv "$entry" "$data/" ;; esac
              done
              mv "$data/new/PG_VERSION.whole" "$data/PG_VERSION"
              rmdir "$data/new"
            fi
            rm -f {{Quote(password)}}
            become_server setpriv --pdeathsig INT -- {{program}} -D "$data" -p {{settings.Port(5432)}} {{configuration}} {{arguments}} &
            await $!
            exit $code

            """;
        return new ServerPlan(
            [settings.Folder, data],
            new Dictionary<string, string> { [password] = settings.Environment.GetValueOrDefault("POSTGRES_PASSWORD", "") },
            script
        )
        {
            Environment = new Dictionary<string, string> { ["HOME"] = settings.Folder },
        };
    }

    private static IEnumerable<string> Configuration(bool isKept)
    {
        yield return "listen_addresses=localhost";
        yield return "unix_socket_directories=";
        yield return "shared_buffers=64MB";

        // In the data folder instead of /dev/shm, where a killed server would leak it.
        yield return "dynamic_shared_memory_type=mmap";
        if (!isKept)
        {
            yield return "fsync=off";
            yield return "full_page_writes=off";
            yield return "synchronous_commit=off";
        }
    }
}
