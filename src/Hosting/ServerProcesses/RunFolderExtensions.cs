using System.Runtime.CompilerServices;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Platform.ServerProcesses;

namespace Aspire.Hosting;

public static class RunFolderExtensions
{
    // A builder has one; weak, because nothing tells when a builder is thrown away.
    private static readonly ConditionalWeakTable<IDistributedApplicationBuilder, RunFolder> Folders = [];

    /// <summary>
    /// The temporary folder of this run; made at the first call, which must come before the application is built, and removed when the
    /// application is disposed or the AppHost ends.
    /// </summary>
    public static RunFolder RunFolder(this IDistributedApplicationBuilder builder) => Folders.GetValue(builder, Make);

    private static RunFolder Make(IDistributedApplicationBuilder builder)
    {
        var folder = new RunFolder();

        // The application disposes what it has made itself, as it believes once it has asked this for it.
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
