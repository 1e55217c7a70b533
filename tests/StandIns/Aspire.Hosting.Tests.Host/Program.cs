using Aspire.Hosting;
using Aspire.Hosting.Tests.Host;

// The smallest AppHost: run by its tests as a process of its own, and through Aspire.Hosting.Testing.
var builder = DistributedApplication.CreateBuilder(args);
if (builder.Configuration["Host:Fault"] is { } fault)
{
    throw new InvalidOperationException(fault);
}

var greeting = builder.AddParameter("greeting", new ConstantDefault("hello"));
builder.AddExecutable("sleeper", "sleep", "/", "300").WithHttpEndpoint(port: 18999).WithEnvironment("GREETING", greeting);

// Writes down its own id, its child's and the folder of the run, all at once: the move is atomic.
if (builder.Configuration["Host:Note"] is { } note)
{
    builder.AddExecutable("noter", "sh", "/", "-c", "sleep 300 & echo $$ $! $APPHOST_RUN_FOLDER >$0.part && mv $0.part $0; wait", note);
}

builder.Build().Run();
