using Platform.AppHost;

var builder = DistributedApplication.CreateBuilder(args);

// Servers as processes where there is no container engine (-- --Servers=process or container decides by hand), and projects without a
// `dotnet run` each.

builder.AddServerProcesses();
builder.AddBuiltProjects();
builder.AddPlainHttp();
builder.AddFreePorts();
builder.AddInstances();

// Secrets: generated once and kept in user secrets; no service has one in its files.

var identityKey = builder.AddSecret("identity-key");
var fingerprintKey = builder.AddSecret("fingerprint-key");
var managementKey = builder.AddSecret("management-key");
var sentryKey = builder.AddSecret("sentry-key");
var acquirerApiKey = builder.AddSecret("acquirer-api-key");
var acquirerWebhookSecret = builder.AddSecret("acquirer-webhook-secret");
var llmApiKey = builder.AddSecret("llm-api-key");
var outsideAdminKey = builder.AddSecret("outside-admin-key");
var (cardPublicKey, cardPrivateKey) = builder.AddCardKeyPair();

// Servers: one Postgres with a database and a login for each service, Redis and RabbitMQ.

var postgres = builder.AddPostgres("postgres");
var ordersDb = postgres.AddServiceDatabase("ordersdb", login: "orders");
var paymentsDb = postgres.AddServiceDatabase("paymentsdb", login: "payments");
var workerDb = postgres.AddServiceDatabase("workerdb", login: "worker");

// Plain TCP on loopback, also where a developer certificate exists.
var redis = builder.AddRedis("redis").WithoutHttpsCertificate();

// Boots for ten seconds and more. Nothing waits for it: an order is accepted without it, and its outbox drains when it is there.
var rabbitmq = builder.AddRabbitMQ("rabbitmq");

// Telemetry: where everything arrives, and what people watch.

var observatory = builder.AddObservatory("observatory", sentryKey);
var deploys = builder.CreateDeployRecord();

// Outside companies. They get no reference to anything of ours but the address that webhooks go to.

var outside = builder.AddGroup("outside-companies", "Globe");

var acquirer = builder
    .AddProject<Projects.Acquirer>("acquirer")
    .WithEnvironment("Acquirer__ApiKey", acquirerApiKey)
    .WithEnvironment("Acquirer__AdminKey", outsideAdminKey)
    .WithEnvironment("Acquirer__WebhookSecret", acquirerWebhookSecret)
    .WithScratchDirectory("Acquirer__LedgerDirectory")
    .WithHttpHealthCheck("/health")
    .WithoutProxy("http")
    .WithIconName("BuildingBank")
    .WithParentRelationship(outside)
    .WithBehaviourCommands(outsideAdminKey, "slow", "failing", "declining", "timing-out", "normal");

var llm = builder
    .AddProject<Projects.Llm>("llm")
    .WithEnvironment("Llm__ApiKey", llmApiKey)
    .WithEnvironment("Llm__AdminKey", outsideAdminKey)
    .WithHttpHealthCheck("/health")
    .WithoutProxy("http")
    .WithIconName("BrainCircuit")
    .WithParentRelationship(outside)
    .WithBehaviourCommands(outsideAdminKey, "slow", "failing", "timing-out", "normal");

// The shop, in the order in which an order passes through it.

var orders = builder
    .AddProject<Projects.Orders>("orders")
    .WithIconName("Cart")
    .WithServiceDefaults(observatory, managementKey)
    .WithDeploys(deploys)
    .WithConfiguredReplicas()
    .WithDatabase(ordersDb)
    .WithReference(redis)
    .WithReference(rabbitmq)
    .WithEnvironment("Identity__Key", identityKey)
    .WithEnvironment("Orders__FingerprintKey", fingerprintKey)
    .WithEnvironment("Orders__CardPublicKey", cardPublicKey)
    .WithDeadLetterCommand(managementKey);

var payments = builder
    .AddProject<Projects.Payments>("payments")
    .WithIconName("Payment")
    .WithServiceDefaults(observatory, managementKey)
    .WithDeploys(deploys)
    .WithConfiguredReplicas()
    .WithDatabase(paymentsDb)
    .WithReference(rabbitmq)
    .WithReference(acquirer)
    .WithEnvironment("Payments__AcquirerApiKey", acquirerApiKey)
    .WithEnvironment("Payments__AcquirerWebhookSecret", acquirerWebhookSecret)
    .WithEnvironment("Payments__CardPrivateKey", cardPrivateKey)
    .WithDeadLetterCommand(managementKey);

builder
    .AddProject<Projects.Worker>("worker")
    .WithIconName("Box")
    .WithServiceDefaults(observatory, managementKey)
    .WithDeploys(deploys)
    .WithConfiguredReplicas()
    .WithDatabase(workerDb)
    .WithReference(rabbitmq)
    .WithReference(llm)
    .WithEnvironment("Worker__LlmApiKey", llmApiKey)
    .WithDeadLetterCommand(managementKey);

var gateway = builder
    .AddProject<Projects.Gateway>("gateway")
    .WithIconName("DoorArrowRight")
    .WithServiceDefaults(observatory, managementKey)
    .WithDeploys(deploys)
    .WithReference(redis)
    .WithReference(orders)
    .WithReference(payments)
    .WithEnvironment("Identity__Key", identityKey)
    .WithExternalHttpEndpoints();

acquirer.WithEnvironment("Acquirer__WebhookUrl", ReferenceExpression.Create($"{gateway.GetEndpoint("http")}/webhooks/acquirer"));

// Shoppers.

builder
    .AddProject<Projects.Traffic>("traffic")
    .WithReference(gateway)
    .WithIconName("People")
    .WithUrlForEndpoint("http", url => url.DisplayLocation = UrlDisplayLocation.DetailsOnly)
    .WithEnvironment("Traffic__AdminKey", outsideAdminKey)
    .WithEnvironment("Traffic__OrdersPerSecond", builder.Configuration["Traffic:OrdersPerSecond"] ?? "2")
    .WaitFor(gateway)
    .WaitFor(orders);

builder.Build().Run();
