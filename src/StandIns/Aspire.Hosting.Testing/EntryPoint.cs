using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>
/// Runs an AppHost's own entry point on a thread of the test process, and stops it where the builder is built until the test asks for the
/// application. Everything after that, Run() included, is the AppHost's own code.
/// </summary>
internal sealed class EntryPoint(Assembly appHost, string[] args, Action<DistributedApplicationOptions, HostApplicationBuilderSettings> configure) : InterceptedBuilder
{
    /// <summary>For the model to be made, as for the build; the start has no limit but the test's own.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private readonly TaskCompletionSource<DistributedApplicationBuilder> _model = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> _application = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the entry point, with its exception if it threw one.</summary>
    public Task Finished => _finished.Task;

    /// <summary>The builder with the whole model, at the entry point's call of Build().</summary>
    public Task<DistributedApplicationBuilder> StartAsync(CancellationToken cancellationToken)
    {
        // The slot is an AsyncLocal: only this thread, and what it starts, sees the interception.
        var previous = Current;
        Current = this;
        new Thread(Run) { IsBackground = true, Name = $"{appHost.GetName().Name}.EntryPoint" }.Start();
        Current = previous;
        return _model.Task.WaitAsync(Timeout, cancellationToken);
    }

    public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
    {
        _release.TrySetResult();
        return _application.Task.WaitAsync(Timeout, cancellationToken);
    }

    /// <summary>Ends an entry point that nobody asked to build.</summary>
    public void Abandon() => _release.TrySetException(new OperationCanceledException("The testing builder was disposed before it was built."));

    public override void Constructing(DistributedApplicationOptions options, HostApplicationBuilderSettings settings)
    {
        options.DisableDashboard = true;
        options.EnableResourceLogging = true;
        options.AssemblyName = appHost.GetName().Name;
        options.Args = [.. options.Args ?? [], .. args];
        settings.Args = options.Args;
        settings.ApplicationName = appHost.GetName().Name;
        settings.Configuration!.AddInMemoryCollection(TestingDefaults.For(appHost));
        settings.EnvironmentName ??= settings.Configuration!["environment"];
        configure(options, settings);
    }

    // For CreateHttpClient: an AppHost without HTTP checks and commands has no clients of its own.
    public override void Constructed(DistributedApplicationBuilder builder) => builder.Services.AddHttpClient();

    public override void Building(DistributedApplicationBuilder builder)
    {
        _model.TrySetResult(builder);
        _release.Task.GetAwaiter().GetResult();
    }

    public override void Built(DistributedApplication application) => _application.TrySetResult(application);

    private void Run()
    {
        try
        {
            var method = appHost.EntryPoint ?? throw new InvalidOperationException($"{appHost.GetName().Name} has no entry point.");
            var result = method.Invoke(null, BindingFlags.DoNotWrapExceptions, null, method.GetParameters().Length == 0 ? null : [Array.Empty<string>()], null);
            (result as Task)?.GetAwaiter().GetResult();
            Finish(new InvalidOperationException("The entry point exited without ever building an IHost."));
            _finished.TrySetResult();
        }
#pragma warning disable CA1031 // The entry point's failure belongs to the test that awaits it: it is handed over, whatever it is.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Finish(exception);
            _finished.TrySetException(exception);
        }
    }

    /// <summary>Whoever still waits for the model or the application is told.</summary>
    private void Finish(Exception exception)
    {
        _model.TrySetException(exception);
        _application.TrySetException(exception);
    }
}
