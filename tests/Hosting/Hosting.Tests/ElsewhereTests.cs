using System.Diagnostics;
using System.Reflection;

namespace Platform.Hosting.Tests;

/// <summary>Another solution uses the integration by a project reference, and nothing else of this repository.</summary>
public sealed class ElsewhereTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AppHost_OfAnotherSolution_BuildsAndPublishesContainers()
    {
        var folder = Directory.CreateTempSubdirectory("elsewhere-").FullName;
        try
        {
            var integration = Assembly
                .GetExecutingAssembly()
                .GetCustomAttributes<AssemblyMetadataAttribute>()
                .Single(metadata => metadata.Key == "ServerProcesses")
                .Value;
            await File.WriteAllTextAsync(
                Path.Combine(folder, "Elsewhere.csproj"),
                $"""
                <Project Sdk="Aspire.AppHost.Sdk/13.6.4">
                  <PropertyGroup>
                    <OutputType>Exe</OutputType>
                    <TargetFramework>net10.0</TargetFramework>
                    <ImplicitUsings>enable</ImplicitUsings>
                    <AspireUseCliBundle>false</AspireUseCliBundle>
                    <NoWarn>$(NoWarn);ASPIRE010</NoWarn>
                  </PropertyGroup>
                  <ItemGroup>
                    <PackageReference Include="Aspire.Hosting.AppHost" Version="13.6.5" />
                    <PackageReference Include="Aspire.Hosting.PostgreSQL" Version="13.6.5" />
                    <ProjectReference Include="{integration}" IsAspireProjectResource="false" />
                  </ItemGroup>
                </Project>
                """,
                Cancellation
            );
            await File.WriteAllTextAsync(
                Path.Combine(folder, "Program.cs"),
                """
                var builder = DistributedApplication.CreateBuilder(args);
                builder.AddServerProcesses();
                builder.AddPostgres("postgres").AddDatabase("shopdb");
                builder.Build().Run();
                """,
                Cancellation
            );

            await RunAsync(folder, "dotnet", "build", "-clp:ErrorsOnly", "-nodeReuse:false", "--output", Path.Combine(folder, "out"));
            await RunAsync(
                folder,
                Path.Combine(folder, "out", "Elsewhere"),
                "--operation",
                "publish",
                "--publisher",
                "manifest",
                "--output-path",
                Path.Combine(folder, "manifest.json")
            );

            var manifest = await File.ReadAllTextAsync(Path.Combine(folder, "manifest.json"), Cancellation);
            Assert.True(File.Exists(Path.Combine(folder, "out", "install-server.sh")), "The installer is not beside the AppHost.");
            Assert.Contains("\"image\": \"docker.io/library/postgres:18.3\"", manifest, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task RunAsync(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = process.StandardError.ReadToEndAsync(Cancellation);
        try
        {
            await process.WaitForExitAsync(Cancellation).WaitAsync(Limit, Cancellation);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await output} {await errors}");
    }
}
