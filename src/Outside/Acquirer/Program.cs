using Platform.Acquirer;

await using var app = AcquirerApp.Create(args, static _ => { });
await app.RunAsync();
