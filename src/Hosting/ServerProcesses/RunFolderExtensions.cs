using System.Runtime.CompilerServices;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Platform.ServerProcesses;

namespace Aspire.Hosting;

public static class RunFolderExtensions
{
    // One per builder; weak, because nothing signals that a builder was abandoned.
    private static readonly ConditionalWeakTable<IDistributedApplicationBuilder, RunFolder> Folders = [];

    /// <summary>
    /// The temporary folder of this run. Created by the first call, which must come before Build, and removed when the application is
    /// disposed or the AppHost ends.
    /// </summary>
    public static RunFolder RunFolder(this IDistributedApplicationBuilder builder) => Folders.GetValue(builder, Make);

    private static RunFolder Make(IDistributedApplicationBuilder builder)
    {
        var folder = new RunFolder();

        // Resolved once so that the container takes ownership and disposes it.
        builder.Services.AddSingleton(_ => folder);
        builder.Eventing.Subscribe<BeforeStartEvent>(
            (start, _) =>
            {
                start.Services.GetRequiredService<RunFolder>();
                return Task.CompletedTask;
            }
        );
        return folder;
    }
}
