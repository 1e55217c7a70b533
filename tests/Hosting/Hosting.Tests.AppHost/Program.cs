using Microsoft.Extensions.Configuration;
using Platform.Hosting.Tests;
using Platform.ServerProcesses;

// The servers as everyone adds them, for the tests of the integration: nothing here knows whether they are containers or processes.
var builder = DistributedApplication.CreateBuilder(args);

builder.AddServerProcesses([.. KnownServer.All, new FileServer(), new AbsentServer()]);
builder.AddBuiltProjects();

var postgres = builder.AddPostgres("postgres");
var redis = builder.AddRedis("redis", builder.Configuration.GetValue<int?>("RedisPort")).WithoutHttpsCertificate();
var rabbitmq = builder.AddRabbitMQ("rabbitmq");
if (builder.Configuration["Volume"] is { Length: > 0 } volume)
{
    postgres.WithDataVolume($"{volume}-postgres");
    redis.WithDataVolume($"{volume}-redis");
    rabbitmq.WithDataVolume($"{volume}-rabbitmq");
}

var database = postgres.AddDatabase("shopdb");
var files = builder
    .AddContainer("files", "test/files")
    .WithHttpEndpoint(targetPort: 9090)
    .WithBindMount("/etc/hostname", "/given/name", isReadOnly: true)
    .WithContainerFiles("/etc/files", [new ContainerFile { Name = "setting", Contents = "from the model\n" }])
    .WithVolume("left", "/left")
    .WithArgs("--said");
if (builder.Configuration["Absent"] is "true")
{
    builder.AddContainer("absent", "test/absent");
}

builder.AddProject<Projects.Hosting_Tests_Service>("service");
builder
    .AddExecutable("consumer", "sleep", "/", "600")
    .WithReference(database)
    .WaitFor(database)
    .WaitFor(redis)
    .WaitFor(rabbitmq)
    .WaitFor(files);
builder.AddExecutable("bystander", "sleep", "/", "600");

builder.Build().Run();
