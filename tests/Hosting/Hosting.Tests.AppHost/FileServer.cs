using Platform.ServerProcesses;

namespace Platform.Hosting.Tests;

/// <summary>
/// What the next known server is like: a plain container without a connection string, told by files and arguments. It says what it got.
/// </summary>
internal sealed class FileServer : KnownServer
{
    protected override string Image => "test/files";

    public override string Package => "files-server";

    public override IReadOnlyList<string> Accounts => [];

    public override string? Find() => "/bin/sleep";

    public override ServerPlan Plan(ServerSettings settings) =>
        new(
            [settings.Folder],
            new Dictionary<string, string>(),
            $"""
            server cat {ServerPlan.Quote(settings.PathOf("/given/name")!)} {ServerPlan.Quote(settings.PathOf("/etc/files/setting")!)}
            echo {string.Join(' ', settings.Arguments.Select(ServerPlan.Quote))} on port {settings.Port(9090)}
            become_server {ServerPlan.Quote(settings.Program)} 600

            """
        );
}

/// <summary>A server that is known, and neither here nor to be installed.</summary>
internal sealed class AbsentServer : KnownServer
{
    protected override string Image => "test/absent";

    public override string Package => "absent-server";

    public override IReadOnlyList<string> Accounts => [];

    public override string? Find() => null;

    public override ServerPlan Plan(ServerSettings settings) => throw new InvalidOperationException("There is no such server.");
}
