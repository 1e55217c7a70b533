using Microsoft.Extensions.DependencyInjection.Extensions;
using Platform.Contracts;
using Platform.Infrastructure.Data;
using Platform.Infrastructure.Jobs;
using Platform.Infrastructure.Outside;
using Platform.Infrastructure.Switches;
using Platform.Messaging;
using Platform.Worker;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddSwitches();
builder.AddDatabase("workerdb", typeof(Outbox).Assembly, typeof(Program).Assembly);
builder.AddMessaging("rabbitmq", ShopTopology.Instance).Consume<OrderPaid, OrderPaidHandler>(ShopTopology.WorkerOrderPaid);
builder.AddOutsideClient<FraudNotes>("llm", FraudNotes.Timeout);

builder.Services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.SectionName).ValidateDataAnnotations().ValidateOnStart();
builder.Services.TryAddSingleton(TimeProvider.System);
builder.Services.AddSingleton<WorkerMetrics>();
builder.Services.AddWakeSignal<FulfilmentSignal>();
builder.Services.AddDueWork<FulfilPaidOrders>();
builder.Services.AddRetention("fulfilments", "done_at < now() - interval '90 days'");

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapDeadLetters();

app.Run();
