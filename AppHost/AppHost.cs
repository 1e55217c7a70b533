using Platform.AppHost;
using Platform.AppHost.Faults;

var builder = DistributedApplication.CreateBuilder(args);

// Servers run as processes where there is no container engine (override with -- --Servers=process or container), and projects without a
// `dotnet run` each.
builder.AddServerProcesses();
builder.AddBuiltProjects();
builder.AddPlainHttp();
builder.AddFreePorts();
builder.AddInstances();

// Servers: one Postgres with a database and a login for each service, Redis and RabbitMQ.

// The pools of four services do not fit into the 100 connections of a default.
var postgres = builder.AddPostgres("postgres").WithArgs("-c", "max_connections=200");

// Plain TCP on loopback, even where a developer certificate exists.
var redis = builder.AddRedis("redis").WithoutHttpsCertificate();

// Takes ten seconds or more to start. Nothing waits for it: orders are accepted without it, and the outbox drains once it is up.
var rabbitmq = builder.AddRabbitMQ("rabbitmq");

// Telemetry: where everything arrives, and what people watch.

var observatory = builder.AddObservatory("observatory");
var prometheus = builder.AddMetrics(postgres, redis, rabbitmq, observatory);

// Outside companies. The only thing of ours they know is the webhook address.

var acquirer = builder
    .AddOutsideCompany<Projects.Acquirer>("acquirer", "BuildingBank")
    .WithSecret("Acquirer__WebhookSecret", "acquirer-webhook-secret")
    .WithScratchDirectory("Acquirer__LedgerDirectory");

var llm = builder.AddOutsideCompany<Projects.Llm>("llm", "BrainCircuit");

// The shop, in the order in which an order passes through it.

var gateway = builder
    .AddService<Projects.Gateway>("gateway", "DoorArrowRight", observatory, prometheus)
    .WithReference(redis)
    .WithPrivateKey("Identity__SigningKey", KeyPair.Sessions)
    .WithPublicKey("Identity__PublicKeys__0", KeyPair.Sessions)
    .WithExternalHttpEndpoints();

var orders = builder
    .AddService<Projects.Orders>("orders", "Cart", observatory, prometheus)
    .WithDatabase(postgres, "ordersdb")
    .WithReference(redis)
    .WithMessaging(rabbitmq)
    .WithPublicKey("Identity__PublicKeys__0", KeyPair.Sessions)
    .WithSecret("Orders__FingerprintKey", "fingerprint-key")
    .WithPublicKey("Orders__CardPublicKey", KeyPair.Cards);

var payments = builder
    .AddService<Projects.Payments>("payments", "Payment", observatory, prometheus)
    .WithDatabase(postgres, "paymentsdb")
    .WithMessaging(rabbitmq)
    .WithReference(acquirer)
    .WithSecret("Payments__AcquirerApiKey", "acquirer-api-key")
    .WithSecret("Payments__AcquirerWebhookSecret", "acquirer-webhook-secret")
    .WithPrivateKey("Payments__CardPrivateKey", KeyPair.Cards);

builder
    .AddService<Projects.Worker>("worker", "Box", observatory, prometheus)
    .WithDatabase(postgres, "workerdb")
    .WithMessaging(rabbitmq)
    .WithReference(llm)
    .WithSecret("Worker__LlmApiKey", "llm-api-key");

gateway.WithReference(orders).WithReference(payments);
acquirer.WithEnvironment("Acquirer__WebhookUrl", ReferenceExpression.Create($"{gateway.GetEndpoint("http")}/webhooks/acquirer"));

// Shoppers.

builder
    .AddProject<Projects.Traffic>("traffic")
    .WithReference(gateway)
    .WithIconName("People")
    .WithUrlForEndpoint("http", url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly)
    .WithSecret("Traffic__AdminKey", OutsideCompanies.AdminKey)
    .WithEnvironment("Traffic__OrdersPerSecond", builder.Configuration["Traffic:OrdersPerSecond"] ?? "2")
    .WaitFor(gateway)
    .WaitFor(orders);

// What can be broken on purpose: commands of all of the above.

builder.AddShopFaults(observatory);

builder.Build().Run();
