using System.Diagnostics;

namespace Platform.Hosting.Tests;

/// <summary>Who takes only a part copies the folders that the README names, and the build files of the root.</summary>
public sealed class PartTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly string[] BuildFiles =
    [
        ".editorconfig",
        "Directory.Build.props",
        "Directory.Build.targets",
        "Directory.Packages.props",
        "global.json",
    ];

    [Theory]
    [InlineData("ServiceDefaults", "src/Redaction")]
    [InlineData("src/Hosting/Prometheus", "src/Hosting/ServerProcesses")]
    [InlineData("src/Shop/Messaging", "src/Shop/Contracts", "src/Shop/Infrastructure", "ServiceDefaults", "src/Redaction")]
    [InlineData("tests/Platform.Testing")]
    public async Task Part_CopiedAlone_Builds(string part, params string[] needed)
    {
        var copy = Directory.CreateTempSubdirectory("part-");
        try
        {
            foreach (var file in BuildFiles)
            {
                File.Copy(Path.Combine(Repository.Root, file), Path.Combine(copy.FullName, file));
            }

            foreach (var folder in needed.Append(part))
            {
                Copy(new DirectoryInfo(Path.Combine(Repository.Root, folder)), Path.Combine(copy.FullName, folder));
            }

            var (exitCode, output) = await BuildAsync(Path.Combine(copy.FullName, part));

            Assert.True(exitCode == 0, output);
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in from.GetFiles())
        {
            file.CopyTo(Path.Combine(to, file.Name));
        }

        foreach (var folder in from.GetDirectories())
        {
            Copy(folder, Path.Combine(to, folder.Name));
        }
    }

    // The rules of style are those of the whole; whether it compiles is the question here. No build server stays behind.
    private static async Task<(int ExitCode, string Output)> BuildAsync(string folder)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        using var build = Process.Start(
            new ProcessStartInfo(
                "dotnet",
                ["build", "-v", "q", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false"]
            )
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        try
        {
            var output = build.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = build.StandardError.ReadToEndAsync(limit.Token);
            await build.WaitForExitAsync(limit.Token);
            return (build.ExitCode, await output + await errors);
        }
        finally
        {
            if (!build.HasExited)
            {
                build.Kill(entireProcessTree: true);
            }
        }
    }
}
